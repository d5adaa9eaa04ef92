//! Order for short lists, with little code.
//!
//! Every type that the standard library's sort is used for, and every map that is collected, brings
//! some 5 kB of it into the package of a function; what opsbot puts into order has a few entries, at
//! most some hundred.

use std::collections::BTreeMap;

/// Puts a short list into the order of `key`. What is equal stays in the order it came in.
///
/// One after the other goes to its place in what is sorted already, so a list of n entries takes
/// n log n comparisons and up to n² / 2 moves.
pub fn sort_by_key<T, K: Ord>(list: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut sorted: Vec<T> = Vec::with_capacity(list.len());
    for item in list.drain(..) {
        let of_item = key(&item);
        let place = sorted.partition_point(|known| key(known) <= of_item);
        sorted.insert(place, item);
    }
    *list = sorted;
}

/// A map of pairs. Of pairs with the same key the last one stays.
pub fn map<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in pairs {
        map.insert(key, value);
    }
    map
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_list_is_sorted_as_the_standard_library_does(keys in prop::collection::vec(0..9_u8, 0..60)) {
            let mut list: Vec<_> = keys.into_iter().enumerate().collect();
            let mut expected = list.clone();
            expected.sort_by_key(|(_, key)| Reverse(*key));
            sort_by_key(&mut list, |(_, key)| Reverse(*key));
            prop_assert_eq!(list, expected);
        }

        #[test]
        fn a_map_is_what_collecting_gives(pairs in prop::collection::vec((0..9_u8, 0..9_u8), 0..30)) {
            let expected: BTreeMap<_, _> = pairs.iter().copied().collect();
            prop_assert_eq!(map(pairs), expected);
        }
    }
}
