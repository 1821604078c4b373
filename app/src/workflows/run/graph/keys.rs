//! Walking the drawing by keyboard: along the edges, within a rank, to what matters.

use devsquad::workflow::layout::{Direction, Layout, Point};

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To a task that needs this one.
    After,
    /// To a task this one needs.
    Before,
    /// To the neighbour towards the start of the rank.
    Up,
    /// To the neighbour towards the end of the rank.
    Down,
    /// To the first task.
    First,
    /// To the last.
    Last,
    /// To the next on the longest chain.
    NextCritical,
    /// To the one before on the longest chain.
    PreviousCritical,
    /// To the next that needs a person.
    NextAttention,
    /// To the one before that needs a person.
    PreviousAttention,
}

/// What a key means. Arrows mean what is seen: in a drawing that flows down, down is along the work.
pub fn step(key: &str, direction: Direction) -> Option<Step> {
    Some(match (key, direction) {
        ("ArrowRight", Direction::Right) | ("ArrowDown", Direction::Down) => Step::After,
        ("ArrowLeft", Direction::Right) | ("ArrowUp", Direction::Down) => Step::Before,
        ("ArrowUp", Direction::Right) | ("ArrowLeft", Direction::Down) => Step::Up,
        ("ArrowDown", Direction::Right) | ("ArrowRight", Direction::Down) => Step::Down,
        ("Home", _) => Step::First,
        ("End", _) => Step::Last,
        ("]", _) => Step::NextCritical,
        ("[", _) => Step::PreviousCritical,
        ("n", _) => Step::NextAttention,
        ("N", _) => Step::PreviousAttention,
        _ => return None,
    })
}

/// Where a step leads; nowhere when there is nothing that way.
pub fn target(layout: &Layout, from: u32, step: Step, critical: &[u32], attention: &[u32]) -> Option<u32> {
    let order: Vec<u32> = layout.rows.concat();
    match step {
        Step::After => nearest(layout, from, layout.edges.iter().filter(|edge| edge.from == from).map(|edge| edge.to)),
        Step::Before => nearest(layout, from, layout.edges.iter().filter(|edge| edge.to == from).map(|edge| edge.from)),
        Step::Up | Step::Down => {
            let row = layout.rows.get(*layout.ranks.get(from as usize)? as usize)?;
            let at = row.iter().position(|other| *other == from)?;
            let to = if step == Step::Up { at.checked_sub(1)? } else { at + 1 };
            row.get(to).copied()
        }
        Step::First => order.first().copied(),
        Step::Last => order.last().copied(),
        Step::NextCritical => next(&order, critical, from, true),
        Step::PreviousCritical => next(&order, critical, from, false),
        Step::NextAttention => next(&order, attention, from, true),
        Step::PreviousAttention => next(&order, attention, from, false),
    }
}

fn nearest(layout: &Layout, from: u32, candidates: impl Iterator<Item = u32>) -> Option<u32> {
    let place = |at: u32| layout.nodes.get(at as usize).copied().unwrap_or_default();
    let distance = |a: Point, b: Point| (a.x - b.x).abs() + (a.y - b.y).abs();
    let here = place(from);
    candidates.min_by(|a, b| distance(place(*a), here).total_cmp(&distance(place(*b), here)).then(a.cmp(b)))
}

/// The next of some after a node, in the order work flows; after the last comes the first.
fn next(order: &[u32], some: &[u32], from: u32, forward: bool) -> Option<u32> {
    let rank = |at: u32| order.iter().position(|other| *other == at);
    let here = rank(from)?;
    let mut ranked: Vec<(usize, u32)> =
        some.iter().filter(|at| **at != from).filter_map(|at| rank(*at).map(|rank| (rank, *at))).collect();
    ranked.sort_unstable();
    let found = if forward {
        ranked.iter().find(|(rank, _)| *rank > here).or(ranked.first())
    } else {
        ranked.iter().rev().find(|(rank, _)| *rank < here).or(ranked.last())
    };
    found.map(|(_, at)| *at)
}

#[cfg(test)]
mod tests {
    use devsquad::workflow::layout::layout;

    use super::*;
    use crate::workflows::run::graph::SIZES;

    /// 0 → 1, 2, 3 → 4
    fn fan() -> Layout {
        layout(&[vec![], vec![0], vec![0], vec![0], vec![1, 2, 3]], Direction::Right, SIZES)
    }

    fn go(from: u32, step: Step) -> Option<u32> {
        target(&fan(), from, step, &[0, 1, 4], &[3, 1])
    }

    #[test]
    fn arrows_follow_the_edges_and_the_rank() {
        assert_eq!(go(0, Step::After), Some(2), "the one straight ahead");
        assert_eq!(go(2, Step::Up), Some(1));
        assert_eq!(go(1, Step::Up), None);
        assert_eq!(go(3, Step::After), Some(4));
        assert_eq!(go(4, Step::After), None);
        assert_eq!(go(1, Step::Before), Some(0));
    }

    #[test]
    fn what_needs_attention_comes_round() {
        assert_eq!(go(0, Step::NextAttention), Some(1));
        assert_eq!(go(3, Step::NextAttention), Some(1));
        assert_eq!(go(0, Step::PreviousAttention), Some(3));
        assert_eq!(target(&fan(), 0, Step::NextAttention, &[], &[]), None);
    }

    #[test]
    fn arrows_mean_what_is_seen() {
        assert_eq!(step("ArrowDown", Direction::Down), Some(Step::After));
        assert_eq!(step("ArrowDown", Direction::Right), Some(Step::Down));
        assert_eq!(step("x", Direction::Right), None);
    }
}
