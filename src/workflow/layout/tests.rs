//! The drawing of a workflow: nothing overlaps, edges point forward.

use proptest::prelude::*;

use super::*;

const SIZES: Sizes = Sizes { width: 220.0, height: 88.0, between_ranks: 72.0, between_nodes: 24.0, margin: 24.0 };

fn overlap(a: Point, b: Point) -> bool {
    (a.x - b.x).abs() < SIZES.width && (a.y - b.y).abs() < SIZES.height
}

#[test]
fn a_diamond_is_drawn_as_one() {
    let drawn = layout(&[vec![], vec![0], vec![0], vec![1, 2]], Direction::Right, SIZES);
    assert_eq!(drawn.rows, [vec![0], vec![1, 2], vec![3]]);
    assert_eq!(drawn.nodes[0].y, drawn.nodes[3].y, "the ends stand in the middle");
    assert_eq!(drawn.nodes[2].y - drawn.nodes[1].y, SIZES.height + SIZES.between_nodes);
    assert_eq!(drawn.edges.len(), 4);
    assert_eq!((drawn.width, drawn.height), (3.0 * 220.0 + 2.0 * 72.0 + 48.0, 2.0 * 88.0 + 24.0 + 48.0));
}

#[test]
fn a_long_edge_goes_round_the_nodes_between() {
    let drawn = layout(&[vec![], vec![0], vec![1], vec![2, 0]], Direction::Right, SIZES);
    let long = drawn.edges.iter().find(|edge| (edge.from, edge.to) == (0, 3)).expect("the edge");
    assert_eq!(long.points.len(), 6);
    for lane in &long.points[1..5] {
        let within = |node: &Point| {
            node.x <= lane.x && lane.x <= node.x + SIZES.width && node.y < lane.y && lane.y < node.y + SIZES.height
        };
        assert!(!drawn.nodes.iter().any(within), "{lane:?} lies in a node");
    }
}

#[test]
fn nothing_is_drawn_of_nothing() {
    assert_eq!(layout(&[], Direction::Right, SIZES).nodes, []);
}

#[test]
fn downwards_is_the_same_turned() {
    let needs = [vec![], vec![0], vec![0]];
    let down = layout(&needs, Direction::Down, SIZES);
    assert!(down.nodes[1].y > down.nodes[0].y && down.nodes[1].y == down.nodes[2].y);
    assert!(down.edges[0].svg(Direction::Down).starts_with("M256 112C"));
}

#[test]
fn the_longest_chain_is_found() {
    assert_eq!(longest_chain(&[vec![], vec![], vec![1], vec![0, 2]]), [1, 2, 3]);
    assert_eq!(longest_chain(&[]), Vec::<u32>::new());
}

#[test]
fn a_thousand_nodes_are_drawn_while_nobody_waits() {
    // Every node needs up to three of the thirty before it.
    let needs: Vec<Vec<u32>> =
        (0..1_000u32).map(|at| (1..=3u32).filter_map(|k| at.checked_sub(k * k * 3 + at % 5)).collect()).collect();
    let drawn = layout(&needs, Direction::Right, SIZES);
    assert_eq!(drawn.nodes.len(), 1_000);
}

fn graphs() -> impl Strategy<Value = Vec<Vec<u32>>> {
    proptest::collection::vec(proptest::collection::vec(any::<u32>(), 0..4), 1..60).prop_map(|lists| {
        (0u32..)
            .zip(lists)
            .map(|(at, list)| if at == 0 { vec![] } else { list.into_iter().map(|n| n % at).collect() })
            .collect()
    })
}

proptest! {
    #[test]
    fn no_two_nodes_overlap_and_all_lie_on_the_page(needs in graphs(), down in any::<bool>()) {
        let direction = if down { Direction::Down } else { Direction::Right };
        let drawn = layout(&needs, direction, SIZES);
        for (at, a) in drawn.nodes.iter().enumerate() {
            prop_assert!(a.x >= 0.0 && a.y >= 0.0 && a.x + SIZES.width <= drawn.width && a.y + SIZES.height <= drawn.height);
            for b in &drawn.nodes[at + 1..] {
                prop_assert!(!overlap(*a, *b), "{:?} and {:?} of {:?}", a, b, needs);
            }
        }
    }

    #[test]
    fn edges_only_run_forward(needs in graphs()) {
        let drawn = layout(&needs, Direction::Right, SIZES);
        for edge in &drawn.edges {
            prop_assert!(drawn.ranks[edge.from as usize] < drawn.ranks[edge.to as usize]);
            prop_assert!(edge.points.windows(2).all(|pair| pair[0].x < pair[1].x));
        }
    }

    #[test]
    fn every_graph_is_drawn_even_with_cycles(needs in proptest::collection::vec(proptest::collection::vec(0u32..20, 0..4), 0..16)) {
        prop_assert_eq!(layout(&needs, Direction::Down, SIZES).nodes.len(), needs.len());
    }

    #[test]
    fn the_same_graph_is_drawn_the_same(needs in graphs()) {
        prop_assert_eq!(layout(&needs, Direction::Right, SIZES), layout(&needs, Direction::Right, SIZES));
    }
}
