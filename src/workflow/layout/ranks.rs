//! Which rank every node stands in, and the lanes that long edges pass through the ranks between.

use crate::workflow::graph;

/// Lanes in all. A graph with more is so dense that nobody follows an edge; its long edges run straight.
const LANES_MAX: usize = 20_000;

/// One edge and the lanes it passes.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub from: u32,
    pub to: u32,
    pub through: Vec<u32>,
}

/// A graph in ranks. Numbers below the count of nodes are nodes; above are lanes.
pub(super) struct Layers {
    pub nodes: usize,
    /// The rank of every node and lane.
    pub ranks: Vec<u32>,
    /// What stands in each rank, in order.
    pub rows: Vec<Vec<u32>>,
    /// Every edge.
    pub chains: Vec<Chain>,
    /// What each is tied to in the rank before.
    pub above: Vec<Vec<u32>>,
    /// What each is tied to in the rank after.
    pub below: Vec<Vec<u32>>,
}

impl Layers {
    pub fn new(needs: &[Vec<u32>]) -> Layers {
        let needs = acyclic(needs);
        let mut ranks = longest_paths(&needs);
        let mut chains = Vec::new();
        let spans: usize =
            edges(&needs).map(|(from, to)| (ranks[to as usize] - ranks[from as usize]) as usize - 1).sum();
        for (from, to) in edges(&needs) {
            let mut through = Vec::new();
            if spans <= LANES_MAX {
                for rank in ranks[from as usize] + 1..ranks[to as usize] {
                    through.push(u32::try_from(ranks.len()).unwrap_or(u32::MAX));
                    ranks.push(rank);
                }
            }
            chains.push(Chain { from, to, through });
        }
        let mut layers = Layers {
            nodes: needs.len(),
            rows: vec![Vec::new(); ranks.iter().max().map_or(0, |last| *last as usize + 1)],
            above: vec![Vec::new(); ranks.len()],
            below: vec![Vec::new(); ranks.len()],
            ranks,
            chains,
        };
        layers.tie();
        layers.fill();
        layers
    }

    fn tie(&mut self) {
        for chain in &self.chains {
            let mut before = chain.from;
            for next in chain.through.iter().copied().chain([chain.to]) {
                if self.ranks[next as usize] == self.ranks[before as usize] + 1 {
                    self.below[before as usize].push(next);
                    self.above[next as usize].push(before);
                }
                before = next;
            }
        }
    }

    /// The first order: depth first from the nodes that need nothing, so that what hangs together stands together.
    fn fill(&mut self) {
        let mut seen = vec![false; self.ranks.len()];
        let mut stack: Vec<u32> =
            (0u32..).take(self.ranks.len()).filter(|at| self.above[*at as usize].is_empty()).collect();
        stack.reverse();
        while let Some(at) = stack.pop() {
            if std::mem::replace(&mut seen[at as usize], true) {
                continue;
            }
            self.rows[self.ranks[at as usize] as usize].push(at);
            stack.extend(self.below[at as usize].iter().rev());
        }
    }
}

fn edges(needs: &[Vec<u32>]) -> impl Iterator<Item = (u32, u32)> {
    (0u32..).zip(needs).flat_map(|(to, list)| list.iter().map(move |from| (*from, to)))
}

/// Without the edges that point at no node, twice at one, or close a cycle.
fn acyclic(needs: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut needs: Vec<Vec<u32>> = (0u32..)
        .zip(needs)
        .map(|(at, list)| {
            let mut list: Vec<u32> =
                list.iter().copied().filter(|need| (*need as usize) < needs.len() && *need != at).collect();
            list.sort_unstable();
            list.dedup();
            list
        })
        .collect();
    if graph::topological_order(&needs).is_none() {
        for (at, list) in (0u32..).zip(&mut needs) {
            list.retain(|need| *need < at);
        }
    }
    needs
}

fn longest_paths(needs: &[Vec<u32>]) -> Vec<u32> {
    let mut ranks = vec![0; needs.len()];
    for at in graph::topological_order(needs).unwrap_or_default() {
        ranks[at as usize] = needs[at as usize].iter().map(|need| ranks[*need as usize] + 1).max().unwrap_or(0);
    }
    ranks
}

/// The nodes along a longest chain, first to last: what the whole cannot be quicker than, if every node takes as long.
/// Of several, the one whose nodes come first.
pub fn longest_chain(needs: &[Vec<u32>]) -> Vec<u32> {
    let needs = acyclic(needs);
    let below = graph::children(&needs);
    let heights = graph::ranks(&below);
    let highest =
        |nodes: &mut dyn Iterator<Item = u32>| nodes.max_by_key(|at| (heights[*at as usize], std::cmp::Reverse(*at)));
    let mut chain = Vec::new();
    let mut next = highest(&mut (0u32..).zip(&needs).filter(|(_, list)| list.is_empty()).map(|(at, _)| at));
    while let Some(at) = next {
        chain.push(at);
        next = highest(&mut below[at as usize].iter().copied());
    }
    chain
}
