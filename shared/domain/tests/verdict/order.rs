//! The first row that applies is the answer.

use domain::verdict::ROWS;

use super::build::{a_failed_release, a_release_in_flight, check, order_api};
use super::obstacles::{OBSTACLES, with};

#[test]
fn every_row_but_the_last_has_an_obstacle() {
    let codes: Vec<_> = OBSTACLES.iter().map(|(code, _)| *code).collect();
    let rows: Vec<_> = ROWS.iter().map(|(code, _)| *code).collect();
    assert_eq!(rows, [codes.as_slice(), &["roll_back"]].concat());
}

#[test]
fn each_obstacle_alone_is_its_own_rows_answer() {
    for (row, (code, _)) in OBSTACLES.iter().enumerate() {
        let verdict = check(&with(a_failed_release(), &[row]), code);
        assert!(!verdict.is_write());
        check(&with(a_release_in_flight(), &[row]), code);
    }
}

/// Of any two rows that apply, not only of neighbours, the earlier one answers. One pair is left
/// out: a rollback that fails is no rollback to wait for, so of the two that one does not apply.
#[test]
fn of_two_rows_that_apply_the_earlier_one_answers() {
    let watch_and_rollback = [3, 5];
    for (one, (code, _)) in OBSTACLES.iter().enumerate() {
        for other in one + 1..OBSTACLES.len() {
            if [one, other] != watch_and_rollback {
                check(&with(a_failed_release(), &[one, other]), code);
                check(&with(a_release_in_flight(), &[one, other]), code);
            }
        }
    }
    check(
        &with(a_failed_release(), &watch_and_rollback),
        "hold_was_rollback",
    );
}

#[test]
fn nothing_in_the_way_is_a_rollback() {
    for case in [a_failed_release(), a_release_in_flight()] {
        let verdict = check(&case, "roll_back");
        assert!(verdict.is_write());
        assert_eq!(verdict.plan().unwrap().to(), order_api(41));
    }
}
