//! Where the nodes of a workflow stand when it is drawn, and how the edges run between them.
//!
//! A layered drawing (Sugiyama, Tagawa, Toda 1981): ranks by the longest path, an order within each rank by barycenters,
//! then coordinates that pull every node towards its neighbours as far as the order allows. An edge that spans several
//! ranks passes each of them in a lane of its own, so that no edge crosses a node. The same input always gives the same
//! drawing, in the browser as on the server.

mod coordinates;
mod order;
mod ranks;

use ranks::Layers;
pub use ranks::longest_chain;

/// Which way work flows on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// To the right: ranks are columns.
    #[default]
    Right,
    /// Down: ranks are rows.
    Down,
}

/// Measures of the drawing, in whatever unit it is drawn in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    /// A node's width.
    pub width: f64,
    /// A node's height.
    pub height: f64,
    /// From rank to rank.
    pub between_ranks: f64,
    /// From node to node within a rank.
    pub between_nodes: f64,
    /// Around everything.
    pub margin: f64,
}

/// A place on the drawing; for a node, its upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

/// One edge.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgePath {
    /// The task that is needed.
    pub from: u32,
    /// The task that needs it.
    pub to: u32,
    /// Where it leaves, where it enters and leaves each rank it passes, where it arrives. An even number of points:
    /// between the first and second of each pair it bends, from there to the next pair it runs straight.
    pub points: Vec<Point>,
}

/// A drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The nodes' corners, in the order given.
    pub nodes: Vec<Point>,
    /// The nodes' ranks, from 0.
    pub ranks: Vec<u32>,
    /// The nodes of each rank, in the order they stand.
    pub rows: Vec<Vec<u32>>,
    /// The edges, by the task that needs.
    pub edges: Vec<EdgePath>,
    /// The width of everything.
    pub width: f64,
    /// The height of everything.
    pub height: f64,
}

/// Draws a graph given as, for every node, the positions of the nodes it needs. Of a graph with a cycle, which
/// validation refuses, the edges that close it are left out.
pub fn layout(needs: &[Vec<u32>], direction: Direction, sizes: Sizes) -> Layout {
    let mut layers = Layers::new(needs);
    order::untangle(&mut layers);
    let (along, across) = match direction {
        Direction::Right => (sizes.width, sizes.height),
        Direction::Down => (sizes.height, sizes.width),
    };
    let places = coordinates::place(&layers, across, sizes.between_nodes);
    let rank_at = |rank: u32| sizes.margin + f64::from(rank) * (along + sizes.between_ranks);
    let point = |along: f64, across: f64| match direction {
        Direction::Right => Point { x: along, y: across },
        Direction::Down => Point { x: across, y: along },
    };

    let nodes: Vec<Point> = (0..needs.len())
        .map(|node| point(rank_at(layers.ranks[node]), sizes.margin + places[node] - across / 2.0))
        .collect();
    let edges = layers.chains.iter().map(|chain| {
        let end = |node: u32, far: bool| {
            let rank = rank_at(layers.ranks[node as usize]) + if far { along } else { 0.0 };
            point(rank, sizes.margin + places[node as usize])
        };
        let mut points = vec![end(chain.from, true)];
        points.extend(chain.through.iter().flat_map(|lane| [end(*lane, false), end(*lane, true)]));
        points.push(end(chain.to, false));
        EdgePath { from: chain.from, to: chain.to, points }
    });
    let ranks = f64::from(u32::try_from(layers.rows.len()).unwrap_or(u32::MAX));
    let length =
        (2.0 * sizes.margin + ranks * (along + sizes.between_ranks) - sizes.between_ranks).max(2.0 * sizes.margin);
    let breadth = 2.0 * sizes.margin + places.iter().map(|place| place + across / 2.0).fold(0.0, f64::max);
    let corner = point(length, breadth);
    let real = |row: &Vec<u32>| row.iter().copied().filter(|node| (*node as usize) < needs.len()).collect();
    Layout {
        edges: edges.collect(),
        ranks: layers.ranks[..needs.len()].to_vec(),
        rows: layers.rows.iter().map(real).collect(),
        nodes,
        width: corner.x,
        height: corner.y,
    }
}

impl EdgePath {
    /// The edge as the data of an SVG path: smooth between ranks, straight through them.
    pub fn svg(&self, direction: Direction) -> String {
        let mut data = String::new();
        for (nth, pair) in self.points.chunks_exact(2).enumerate() {
            let (from, to) = (pair[0], pair[1]);
            let (bend_from, bend_to) = match direction {
                Direction::Right => {
                    let middle = (from.x + to.x) / 2.0;
                    (Point { x: middle, y: from.y }, Point { x: middle, y: to.y })
                }
                Direction::Down => {
                    let middle = (from.y + to.y) / 2.0;
                    (Point { x: from.x, y: middle }, Point { x: to.x, y: middle })
                }
            };
            let verb = if nth == 0 { 'M' } else { 'L' };
            data.push_str(&format!(
                "{verb}{} {}C{} {} {} {} {} {}",
                from.x, from.y, bend_from.x, bend_from.y, bend_to.x, bend_to.y, to.x, to.y
            ));
        }
        data
    }
}

#[cfg(test)]
mod tests;
