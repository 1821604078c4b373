//! What agents ask people, and what people answer.

use super::attempts::{self, MESSAGE_MAX};
use super::{Draft, Facts, workflows};
use crate::command::Answer;
use crate::event::Change;
use crate::id::{AttemptId, QuestionId, WorkflowId};
use crate::messaging::wording;
use crate::refusal::Refusal;
use crate::text;
use crate::workflow::Stage;
use crate::workflow::question::{OPTION_CHARS_MAX, OPTIONS_MAX, Question, SETTLED_MAX};

/// An agent asks. Its slot is free again, and the task waits for a person.
pub(super) fn ask(
    draft: &mut Draft<'_>,
    attempt: AttemptId,
    fence: u64,
    text: &str,
    options: &[String],
    facts: &mut Facts<'_>,
) -> Result<Answer, Refusal> {
    let (place, task) = attempts::find(draft, attempt)?;
    let asked_by = attempts::holder(draft, task, attempt, fence)?;
    if task.stage != Stage::Work {
        return Err(Refusal::fault("/text", wording::reviews_ask_nothing()));
    }
    if task.has_settled_enough() {
        let noun = "questions and conflicts about one task".to_owned();
        return Err(Refusal::LimitReached { noun, max: SETTLED_MAX as u64 });
    }
    let text = text::paragraph(text, MESSAGE_MAX).map_err(|why| Refusal::fault("/text", why))?;
    if text.is_empty() {
        return Err(Refusal::fault("/text", wording::empty_text()));
    }
    if options.len() > OPTIONS_MAX {
        return Err(Refusal::fault("/options", wording::too_many("options", OPTIONS_MAX)));
    }
    let option = |(at, option): (usize, &String)| {
        text::line(option, OPTION_CHARS_MAX).map_err(|why| Refusal::fault(format!("/options/{at}"), why))
    };
    let options = options.iter().enumerate().map(option).collect::<Result<Vec<String>, Refusal>>()?;
    let task = task.id;
    let question = Question { id: QuestionId((facts.fresh_id)()), text, options, asked_by, asked_at: draft.now };
    draft.emit(Change::QuestionAsked { workflow: place.0, task, attempt, question });
    Ok(Answer::Done)
}

/// A person answers, and the task goes on.
pub(super) fn answer(
    draft: &mut Draft<'_>,
    id: WorkflowId,
    question: QuestionId,
    text: &str,
) -> Result<Answer, Refusal> {
    let text = text::paragraph(text, MESSAGE_MAX).map_err(|why| Refusal::fault("/text", why))?;
    if text.is_empty() {
        return Err(Refusal::fault("/text", wording::empty_text()));
    }
    let workflow = workflows::find(draft, id)?;
    let place = draft.state.question_ref(question).filter(|(of, _)| *of == id).ok_or_else(|| Refusal::WrongState {
        noun: "question".to_owned(),
        name: workflow.definition.name.clone(),
        status: "closed".to_owned(),
        verb: "answered".to_owned(),
    })?;
    let task = workflow.task(place.1).id;
    draft.emit(Change::QuestionAnswered { workflow: id, task, question, text });
    draft.emit(Change::TasksReady { workflow: id, tasks: vec![task] });
    Ok(Answer::Done)
}
