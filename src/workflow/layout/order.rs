//! The order within each rank, so that few edges cross.

use super::ranks::Layers;

/// Sweeps over all ranks. Crossings hardly fall after that.
const SWEEPS: usize = 12;
/// Sweeps without a better order after which it is left.
const PATIENCE: usize = 3;

/// Reorders each rank by the barycenters of what its members are tied to, forth and back, and keeps the best order seen.
pub(super) fn untangle(layers: &mut Layers) {
    let mut best = layers.rows.clone();
    let mut fewest = crossings(layers);
    let mut in_vain = 0;
    for sweep in 0..SWEEPS {
        if fewest == 0 || in_vain == PATIENCE {
            break;
        }
        let last = layers.rows.len();
        let forth = sweep % 2 == 0;
        for step in 1..last {
            let rank = if forth { step } else { last - 1 - step };
            sort(layers, rank, forth);
        }
        let now = crossings(layers);
        if now < fewest {
            fewest = now;
            best.clone_from(&layers.rows);
            in_vain = 0;
        } else {
            in_vain += 1;
        }
    }
    layers.rows = best;
}

fn sort(layers: &mut Layers, rank: usize, forth: bool) {
    let (ties, fixed) = if forth { (&layers.above, rank - 1) } else { (&layers.below, rank + 1) };
    let places = places(layers, fixed);
    let center = |at: u32, place: usize| {
        let tied = &ties[at as usize];
        let sum: u64 = tied.iter().map(|other| u64::from(places[*other as usize])).sum();
        // What is tied to nothing stays where it is.
        if tied.is_empty() { place as f64 } else { sum as f64 / tied.len() as f64 }
    };
    let mut row: Vec<(f64, u32)> =
        layers.rows[rank].iter().enumerate().map(|(place, at)| (center(*at, place), *at)).collect();
    row.sort_by(|a, b| a.0.total_cmp(&b.0));
    layers.rows[rank] = row.into_iter().map(|(_, at)| at).collect();
}

/// The place of each member of a rank; 0 for everything else.
fn places(layers: &Layers, rank: usize) -> Vec<u32> {
    let mut places = vec![0; layers.ranks.len()];
    for (place, at) in (0u32..).zip(&layers.rows[rank]) {
        places[*at as usize] = place;
    }
    places
}

/// How many pairs of edges cross between neighbouring ranks (Barth, Jünger, Mutzel 2002).
pub(super) fn crossings(layers: &Layers) -> u64 {
    let mut sum = 0;
    for rank in 1..layers.rows.len() {
        let places = places(layers, rank);
        let mut ends = Vec::new();
        for at in &layers.rows[rank - 1] {
            let mut below: Vec<u32> = layers.below[*at as usize].iter().map(|to| places[*to as usize]).collect();
            below.sort_unstable();
            ends.extend(below);
        }
        sum += inversions(&ends, layers.rows[rank].len());
    }
    sum
}

/// Pairs in the wrong order, counted with a Fenwick tree over the `size` possible values.
fn inversions(values: &[u32], size: usize) -> u64 {
    let mut tree = vec![0u64; size + 1];
    let mut sum = 0;
    for (before, value) in values.iter().enumerate() {
        let (mut at, mut not_greater) = (*value as usize + 1, 0);
        while at > 0 {
            not_greater += tree[at];
            at &= at - 1;
        }
        sum += before as u64 - not_greater;
        at = *value as usize + 1;
        while at <= size {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inversions_are_counted() {
        assert_eq!(inversions(&[0, 1, 2], 3), 0);
        assert_eq!(inversions(&[2, 1, 0], 3), 3);
        assert_eq!(inversions(&[1, 1, 0], 2), 2);
    }

    #[test]
    fn a_tangle_that_can_be_undone_is_undone() {
        // Two pairs whose ends are given crosswise.
        let mut layers = Layers::new(&[vec![], vec![], vec![1], vec![0]]);
        layers.rows = vec![vec![0, 1], vec![2, 3]];
        assert_eq!(crossings(&layers), 1);
        untangle(&mut layers);
        assert_eq!(crossings(&layers), 0);
    }
}
