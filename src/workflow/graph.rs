//! The DAG: who waits for whom, cycles, ranks.
//!
//! Tasks are positions 0..n in the order given; edges are lists of positions.

use std::collections::HashMap;

use super::definition::TaskDefinition;

/// For every task, the positions of the tasks it needs. Unknown keys are left out; validation has named them.
pub fn indices(tasks: &[TaskDefinition]) -> Vec<Vec<u32>> {
    let at: HashMap<&str, u32> = tasks.iter().zip(0u32..).map(|(task, at)| (task.key.as_str(), at)).collect();
    tasks.iter().map(|task| task.needs.iter().filter_map(|need| at.get(need.as_str()).copied()).collect()).collect()
}

/// For every task, the positions of the tasks that need it.
pub fn children(needs: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut children = vec![Vec::new(); needs.len()];
    for (child, parents) in needs.iter().zip(0u32..).map(|(parents, child)| (child, parents)) {
        for parent in parents {
            children[*parent as usize].push(child);
        }
    }
    children
}

/// The positions in an order in which every task stands after what it needs; `None` when there is a cycle (Kahn 1962).
pub fn topological_order(needs: &[Vec<u32>]) -> Option<Vec<u32>> {
    let children = children(needs);
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut order: Vec<u32> = (0u32..).zip(&missing).filter(|(_, n)| **n == 0).map(|(at, _)| at).collect();
    let mut next = 0;
    while next < order.len() {
        let done = order[next];
        next += 1;
        for child in &children[done as usize] {
            missing[*child as usize] -= 1;
            if missing[*child as usize] == 0 {
                order.push(*child);
            }
        }
    }
    (order.len() == needs.len()).then_some(order)
}

/// The positions along one cycle, first repeated at the end, in the direction work would flow; `None` when acyclic.
pub fn find_cycle(needs: &[Vec<u32>]) -> Option<Vec<u32>> {
    if topological_order(needs).is_some() {
        return None;
    }
    // Tasks that no order reaches all have an unreached parent: walking up them must come round again.
    let reached = reachable(needs);
    let mut seen: HashMap<u32, usize> = HashMap::new();
    let mut path: Vec<u32> = Vec::new();
    let mut here = (0u32..).zip(&reached).find(|(_, reached)| !**reached).map(|(at, _)| at)?;
    loop {
        if let Some(start) = seen.insert(here, path.len()) {
            let mut cycle: Vec<u32> = path[start..].to_vec();
            cycle.reverse();
            let smallest = (0..cycle.len()).min_by_key(|at| cycle[*at]).unwrap_or(0);
            cycle.rotate_left(smallest);
            cycle.push(cycle[0]);
            return Some(cycle);
        }
        path.push(here);
        here = needs[here as usize].iter().copied().find(|parent| !reached[*parent as usize])?;
    }
}

/// Which tasks a topological order reaches.
fn reachable(needs: &[Vec<u32>]) -> Vec<bool> {
    let children = children(needs);
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut reached: Vec<bool> = missing.iter().map(|n| *n == 0).collect();
    let mut queue: Vec<u32> = (0u32..).zip(&reached).filter(|(_, r)| **r).map(|(at, _)| at).collect();
    while let Some(done) = queue.pop() {
        for child in &children[done as usize] {
            missing[*child as usize] -= 1;
            if missing[*child as usize] == 0 {
                reached[*child as usize] = true;
                queue.push(*child);
            }
        }
    }
    reached
}

/// For every task, how many tasks the longest chain below it holds: what lies on the critical path goes first.
pub fn ranks(children: &[Vec<u32>]) -> Vec<u32> {
    let mut parents = vec![Vec::new(); children.len()];
    for (parent, below) in (0u32..).zip(children) {
        for child in below {
            parents[*child as usize].push(parent);
        }
    }
    let order = topological_order(&parents).unwrap_or_default();
    let mut ranks = vec![0; children.len()];
    for at in order.into_iter().rev() {
        ranks[at as usize] = children[at as usize].iter().map(|child| ranks[*child as usize] + 1).max().unwrap_or(0);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_chain_ranks_from_its_end() {
        assert_eq!(ranks(&children(&[vec![], vec![0], vec![1]])), [2, 1, 0]);
    }

    proptest! {
        #[test]
        fn edges_that_point_back_make_no_cycle(needs in proptest::collection::vec(proptest::collection::vec(0u32..40, 0..4), 1..40)) {
            let backwards: Vec<Vec<u32>> = (0u32..).zip(&needs)
                .map(|(at, list)| { let mut l: Vec<u32> = list.iter().copied().filter(|n| *n < at).collect(); l.sort(); l.dedup(); l })
                .collect();
            prop_assert!(find_cycle(&backwards).is_none());
            let order = topological_order(&backwards).expect("acyclic");
            let place: HashMap<u32, usize> = order.iter().enumerate().map(|(i, t)| (*t, i)).collect();
            for (at, list) in (0u32..).zip(&backwards) {
                for need in list { prop_assert!(place[need] < place[&at]); }
            }
        }

        #[test]
        fn a_found_cycle_is_one(edges in proptest::collection::vec(proptest::collection::vec(0u32..12, 0..3), 12)) {
            if let Some(cycle) = find_cycle(&edges) {
                prop_assert_eq!(cycle.first(), cycle.last());
                for pair in cycle.windows(2) {
                    prop_assert!(edges[pair[1] as usize].contains(&pair[0]));
                }
            } else {
                prop_assert!(topological_order(&edges).is_some());
            }
        }
    }
}
