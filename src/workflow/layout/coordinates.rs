//! Where in its rank everything stands: as near to what it is tied to as the order and the distances allow.

use super::ranks::Layers;

/// How broad a lane is, as a share of a node.
const LANE: f64 = 0.15;
/// Sweeps over all ranks, forth and back.
const SWEEPS: usize = 8;

/// The middle of every node and lane across the ranks; the smallest edge is at 0. Rounded to whole units.
pub(super) fn place(layers: &Layers, across: f64, between: f64) -> Vec<f64> {
    let is_node = |at: u32| (at as usize) < layers.nodes;
    let half = |at: u32| if is_node(at) { across / 2.0 } else { across * LANE / 2.0 };
    let mut places = vec![0.0; layers.ranks.len()];
    for row in &layers.rows {
        set(&mut places, row, &offsets(row, half, between));
        let middle = row.last().map_or(0.0, |last| places[*last as usize] / 2.0);
        row.iter().for_each(|at| places[*at as usize] -= middle);
    }
    for sweep in 0..SWEEPS {
        let forth = sweep % 2 == 0;
        let last = layers.rows.len();
        for step in 0..last {
            let row = &layers.rows[if forth { step } else { last - 1 - step }];
            let wanted: Vec<f64> = row.iter().map(|at| wanted(layers, &places, *at, forth)).collect();
            set(&mut places, row, &nearest(&wanted, &offsets(row, half, between)));
        }
    }
    let least = (0u32..).zip(&places).map(|(at, place)| place - half(at)).fold(f64::INFINITY, f64::min);
    places.iter().map(|place| (place - least).round()).collect()
}

fn set(places: &mut [f64], row: &[u32], values: &[f64]) {
    for (at, value) in row.iter().zip(values) {
        places[*at as usize] = *value;
    }
}

/// Where each would stand if all stood as close as they may.
fn offsets(row: &[u32], half: impl Fn(u32) -> f64, between: f64) -> Vec<f64> {
    let mut place = 0.0;
    let mut before: Option<u32> = None;
    let step = |at: &u32| {
        if let Some(before) = before.replace(*at) {
            place += half(before) + between + half(*at);
        }
        place
    };
    row.iter().map(step).collect()
}

/// The middle of what it is tied to; the side the sweep comes from counts double.
fn wanted(layers: &Layers, places: &[f64], at: u32, forth: bool) -> f64 {
    let sum = |ties: &[u32]| ties.iter().map(|other| places[*other as usize]).sum::<f64>();
    let (above, below) = (&layers.above[at as usize], &layers.below[at as usize]);
    let (first, second) = if forth { (above, below) } else { (below, above) };
    let n = 2 * first.len() + second.len();
    if n == 0 { places[at as usize] } else { (2.0 * sum(first) + sum(second)) / n as f64 }
}

/// The places nearest to the wanted ones, in the sense of least squares, that keep the order and the distances: pool
/// adjacent violators (Ayer et al. 1955) on what is left after the distances are taken off.
fn nearest(wanted: &[f64], offsets: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::with_capacity(wanted.len());
    for (wanted, offset) in wanted.iter().zip(offsets) {
        let mut pool = (wanted - offset, 1);
        while let Some((value, n)) = pools.pop_if(|(value, _)| *value > pool.0) {
            let sum = n + pool.1;
            pool = ((value * n as f64 + pool.0 * pool.1 as f64) / sum as f64, sum);
        }
        pools.push(pool);
    }
    let values = pools.into_iter().flat_map(|(value, n)| std::iter::repeat_n(value, n));
    values.zip(offsets).map(|(value, offset)| value + offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_want_the_same_place_share_it_evenly() {
        assert_eq!(nearest(&[5.0, 5.0], &[0.0, 10.0]), [0.0, 10.0]);
        assert_eq!(nearest(&[0.0, 50.0], &[0.0, 10.0]), [0.0, 50.0]);
    }
}
