//! Whether what people asked for in the chat was done once and answered once, and whether only people asked.

use jiff::SignedDuration;

use super::Report;
use super::chat::Sides;
use crate::clock;
use crate::store::listener::verify as queries;
use crate::store::listener::verify::Wish;

/// How far back it is asked. What is older is being forgotten, in the inbox and among the engine's answers (both after seven days),
/// and not in the same moment.
const ASKED_BACK: SignedDuration = SignedDuration::from_hours(6 * 24);

/// Asks all of it of one organization.
pub async fn ask(sides: Sides<'_>, report: &mut Report) -> anyhow::Result<()> {
    let since = clock::now() - ASKED_BACK;
    let mut tx = sides.store.begin_read(sides.tenant).await?;
    let mut unasked = queries::unasked(&mut tx, since).await?;
    let wishes = queries::wishes(&mut tx, since).await?;
    drop(tx);
    let mut chat = sides.chat.begin_chat().await?;

    let without_trace = |wish: &&Wish| wish.outcome.as_deref() == Some("done") && !wish.kept;
    let mut unsettled: Vec<String> =
        wishes.iter().filter(without_trace).map(|wish| format!("{} is done and left no trace", wish.id)).collect();
    unsettled.extend(queries::unanswered(&mut chat, &wishes).await?);
    unsettled.extend(queries::answered_again(&mut chat, &wishes).await?);
    report.add("C6", "what a person asked for in the chat was done once and answered once", &unsettled);

    let ours = wishes.iter().filter(|wish| wish.ours && wish.was_acted_upon());
    unasked.extend(ours.map(|wish| format!("{} is no person's", wish.id)));
    unasked.extend(queries::said_by_others(&mut chat, &wishes).await?);
    report.add("C7", "nothing is done from the chat but what a person asked for there", &unasked);
    Ok(())
}
