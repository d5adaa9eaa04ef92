#!/usr/bin/env python3
"""Breaks each guard of a rollback in turn, in a copy, and asks the model test to notice; for a guard
that only a rare history would show, the test that holds it.

A mutant that survives fails the run. Standard library only.

    tests/model/mutants.py            all of them
    tests/model/mutants.py permit     those whose name has one of these words in it
    tests/model/mutants.py --check    only whether what each of them breaks still stands there, once
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPY = ROOT / "target" / "mutants" / "tree"
TARGET = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target" / "mutants" / "target"))
HISTORIES = os.environ.get("MODEL_HISTORIES", "3000")

VERDICT = "shared/domain/src/verdict.rs"
ROWS = "shared/domain/src/verdict/rows.rs"
TARGETS = "shared/domain/src/verdict/target.rs"
GOOD = "shared/domain/src/good.rs"
PERMIT = "shared/aws/src/permit.rs"
ATTEMPTS = "shared/aws/src/attempts.rs"
CARRY_OUT = "shared/aws/src/carry_out.rs"
STORY = "functions/roll-back/src/story.rs"
ENDED = "functions/roll-back/src/ended.rs"
TOLD = "functions/roll-back/src/telling.rs"
ATTEMPT = "functions/roll-back/src/attempt.rs"
TELLING = "functions/deployment-changed/src/telling.rs"
FAILING = "functions/deployment-changed/src/failing.rs"

# The package of each test.
PACKAGE = {"model": "tests", "scenarios": "tests", "verdict": "domain"}


def row(call):
    """The row of the table is not asked."""
    return (VERDICT, f"    {call}?;\n", f"    let _ = {call};\n")


# Where two guards stand behind each other, both have to fall before a write goes wrong: then both
# are broken at once, and the name says "both".
CLAIM_ONCE = (ATTEMPTS, '"attribute_not_exists(#this) AND \\\n', '"\\\n')
CLAIM_RESTS = (
    ATTEMPTS,
    "(attribute_not_exists(#newest) OR #newest <= :rested)",
    "(attribute_not_exists(#newest) OR #newest <= :rested OR #newest > :rested)",
)
CLAIM_CAP = (
    ATTEMPTS,
    "attribute_not_exists(#made) OR #made < :most",
    "attribute_not_exists(#made) OR #made < :most OR #made >= :most",
)
JUDGED_ANYWHERE = (
    ROWS,
    "    let deployment = seen\n        .judged_primary()\n",
    "    let deployment = seen\n        .judged()\n",
)

MUTANTS = [
    ("row: ECS rolls back", [row("others::ecs_leaves_it_alone(&seen)")]),
    ("row: superseded, both", [row("others::nothing_newer(&seen)"), JUDGED_ANYWHERE]),
    ("row: already done, and the claim, both", [row("rows::was_not_tried(&seen)"), CLAIM_ONCE,
        (STORY,
         "        (Some(attempt), _) => left(asked, &mut ended, &attempt, means),\n",
         "        (Some(attempt), _) if attempt.failed.is_empty() => left(asked, &mut ended, &attempt, means),\n"),
        (STORY, "        (None, Some(plan)) if ended", "        (_, Some(plan)) if ended"),
        (STORY, "        (None, _) => not_read", "        (_, _) => not_read")]),
    ("row: it fails", [row("rows::it_fails(&seen, &standing)")]),
    ("row: cooling down, and the claim, both",
        [row("rows::is_not_too_often(&seen)"), CLAIM_RESTS]),
    ("row: the cap of the hour, and the claim, both",
        [row("rows::is_not_too_often(&seen)"), CLAIM_CAP]),
    ("row: stack in progress", [row("rows::stack_rests(&seen)")]),
    ("row: not its fault", [row("rows::is_its_fault(&seen)")]),
    ("row: not ours", [row("rows::service_is_ours(seen.service)")]),
    ("target: successful ones only",
        [(GOOD, "entry.status == \"SUCCESSFUL\"\n            && own", "own")]),
    ("target: another than the failing one",
        [(TARGETS, "if same(name, &standing.deployment.task_definition) {", "if false {")]),
    ("target: active", [(TARGETS, "return Ok(definition.active),", "return Ok(true),")]),
    ("opt-in: off", [(ROWS, "(OptIn::Off, _) => Verdict::NotOptedIn { rung, proposal },",
        "(OptIn::Off, _) => Verdict::RollBack { rung, proposal },")]),
    ("opt-in: dry-run", [(ROWS, "        (OptIn::DryRun, _) => Verdict::DryRun {\n            rung: Some(rung),\n            proposal,\n        },",
        "        (OptIn::DryRun, _) => Verdict::RollBack { rung, proposal },")]),
    ("opt-in: a person's dry run",
        [(ROWS, "(OptIn::Ask | OptIn::Auto, true) if only_say =>",
            "(OptIn::Ask | OptIn::Auto, true) if only_say && seen.history.is_empty() =>")]),
    ("opt-in: ask", [(ROWS, "(OptIn::Ask, false) => Verdict::Ask { rung, proposal },",
        "(OptIn::Ask, false) => Verdict::RollBack { rung, proposal },")]),
    ("opt-in: a word that is none of the ladder",
        [("shared/domain/src/verdict/opt_in.rs", "Self::NotAValue(_) => OptIn::Off",
            "Self::NotAValue(_) => OptIn::Auto")]),
    ("permit: nothing is compared",
        [(PERMIT, "match changed(judged, &fresh) {", "match changed(judged, judged).or(changed(&fresh, &fresh)) {")]),
    ("permit: the PRIMARY deployment",
        [(PERMIT, "if now.is_none() || now.map(|it| &it.id) != before.map(|it| &it.id) {",
            "if now.is_none() {"),
         (PERMIT, "        || fresh.current_service_deployment != judged.current_service_deployment\n", ""),
         (PERMIT, "now.map(|it| &it.rollout) != before.map(|it| &it.rollout)",
             "fresh.status != judged.status")]),
    ("permit: the opt-in tag",
        [(PERMIT, "(fresh.tags.get(TAG) != judged.tags.get(TAG)).then_some",
            "(fresh.tags.get(TAG) != judged.tags.get(TAG) && now.is_none()).then_some")]),
    ("claim: once ever", [CLAIM_ONCE]),
    ("claim: the table must answer",
        [(ATTEMPT, "            Attempted::Ours => {}\n",
            "            Attempted::Ours | Attempted::Unreachable(_) => {}\n")]),
    ("call: made once",
        [(CARRY_OUT, "RetryConfig::disabled()", "RetryConfig::standard()")]),
    ("call: an internal error is not throttling",
        [(ATTEMPT, "Err(NotDone::Unsure(missing)) => return self.find_out(missing, attempt).await,",
            "Err(NotDone::Unsure(missing)) => missing,")]),
    ("alert: an event comes again where SNS took nothing",
        [(TELLING, "    aws::tell::publish(invocation.clients, &invocation.settings.topic_arn, alert).await?;\n",
            "    let _ = aws::tell::publish(invocation.clients, &invocation.settings.topic_arn, alert).await;\n")]),
    ("alert: told without the table",
        [(TELLING, "Claim::Unreachable(missing) => Some(Go::Tell(Some(missing))),",
            "Claim::Unreachable(_) => Some(Go::Drop),")]),
    ("call: forces nothing",
        [(CARRY_OUT, "call.task_definition(task_definition);",
            "call.task_definition(task_definition).force_new_deployment(true);")]),
    ("call: by roll-back only", [(FAILING, """    let over = record.known().is_some_and(|it| it.closed_since(event.at));
""", """    if let Fact::Known(service) = &glance.service {
        let permit = aws::permit::Permit::ask(&asking, &event.service, service).await;
        let plan = service.deployments.last().map(|it| domain::verdict::Plan::Update {
            task_definition: it.task_definition.clone(),
        });
        if let (Ok(permit), Some(plan)) = (permit, plan) {
            let _ = aws::carry_out::carry_out(&asking, &plan, permit).await;
        }
    }
    let over = record.known().is_some_and(|it| it.closed_since(event.at));
""")]),
    ("alert: a deployment that fails while ECS is silent",
        [(FAILING, "    if over || passed(&event, &glance) {", "    if over || !passed(&event, &glance) {")]),
    ("alert: a write is told",
        [(STORY, "        tell(asked, &ended, unmarked, means).await?;\n",
            "        let _ = (tell, unmarked);\n"),
         (STORY, "let Err(retry) = tell(asked, &ended, true, means).await\n",
            "let Err(retry) = Ok::<(), Retry>(())\n")]),
    ("alert: a write is not called held",
        [("shared/domain/src/alert/compose/rolled_back.rs",
            "            Some(_) => Kind::RollbackStarted,\n",
            "            Some(_) => Kind::RollbackHeld,\n")]),
    ("deciding again: what was told is told again",
        [(TOLD, "Claim::Told => return Ok(false),", "Claim::Told => return Ok(true),")]),
]

# What a random history shows once in tens of thousands: the test that holds it.
BY_TEST = [
    ("row: the service is there", "verdict", "holds_when_the_service_is_draining_or_gone",
        [row("rows::service_is_there(case)")]),
    ("row: stands clear, its state", "verdict", "holds_when_the_deployments_state_is_not_known",
        [(ROWS, "        .ok_or_else(|| unclear(&format!(\"its service deployment is {}\", entry.status)))?;\n",
            "        .unwrap_or(Phase::GivenUp);\n")]),
    ("row: stands clear, what it began from", "verdict",
        "holds_when_shifted_traffic_would_go_elsewhere",
        [(ROWS, "    if blind && !seen.is_rolling() {", "    if blind && seen.is_rolling() {")]),
    ("target: not what opsbot took back", "verdict",
        "what_opsbot_took_back_is_not_gone_back_to_until_it_is_released_again",
        [(GOOD, "    past.newest.is_some_and(|attempt| {",
            "    past.newest.filter(|_| false).is_some_and(|attempt| {")]),
    ("target: the record of this service, not of one before it", "verdict",
        "a_service_that_was_created_again_under_its_name_has_no_past",
        [(GOOD, "            && Some(it.completed_at) >= service.and_then(|it| it.created_at)\n", "")]),
    ("target: a person's too was good once", "verdict",
        "a_person_cannot_name_a_revision_that_was_never_good",
        [(TARGETS, "            return Err(unusable(to, Unusable::NeverGood));\n",
            "            return Ok(to);\n")]),
    ("target: elsewhere, in a rolling update", "verdict",
        "a_rolling_update_that_ecs_would_take_elsewhere_is_updated",
        [(ROWS, "match (target::elsewhere(seen, standing.entry, to), hook) {",
            "match (target::elsewhere(seen, standing.entry, to).filter(|_| false), hook) {")]),
    ("target: elsewhere, where traffic shifts", "verdict",
        "holds_when_shifted_traffic_would_go_elsewhere",
        [(TARGETS, "    other.or_else(|| sources.is_empty().then(String::new))\n", "    other.filter(|_| false)\n")]),
    ("permit: the deployment's state", "scenarios",
        "the_end_of_the_judged_deployment_forbids_the_write",
        [(PERMIT, "now.map(|it| &it.rollout) != before.map(|it| &it.rollout)",
            "fresh.status != judged.status")]),
    ("permit: the service deployment", "scenarios",
        "the_end_of_the_judged_deployment_forbids_the_write",
        [(PERMIT, "        || fresh.current_service_deployment != judged.current_service_deployment\n", "")]),
    ("claim: an attempt that cannot be read is not none", "scenarios",
        "an_attempt_that_cannot_be_read_is_not_taken_for_none",
        [(ATTEMPTS, "    let attempts = names.map(|name| part(item, name)).collect();\n",
            "    let attempts = Some(names.filter_map(|name| part(item, name)).collect());\n")]),
    ("claim: given back where the table did not answer", "scenarios",
        "a_claim_that_was_never_answered_is_given_back",
        [(ATTEMPT, "                // It may have been written and its answer lost.\n                self.release(&attempt).await;\n", "")]),
    ("call: a fault of ECS is no refusal", "scenarios",
        "a_call_without_an_answer_is_not_made_twice",
        [(CARRY_OUT, "(400..500).contains(&status) && status != 408", "status >= 400")]),
    ("call: who is only to tell makes none", "scenarios",
        "what_a_person_was_refused_is_not_done_later",
        [(STORY, "if ended.verdict.is_write() && !asked.only_tell => {",
            "if ended.verdict.is_write() => {")]),
    ("row: was a rollback", "scenarios", "a_rollback_that_fails_too_pages_in_the_same_incident_and_is_left_alone",
        [row("others::was_no_rollback(&seen)")]),
    ("row: too few", "scenarios", "a_large_release_is_rolled_back_when_half_of_what_is_desired_has_failed",
        [(ROWS, "    (failed < enough).then_some((failed, enough))\n",
            "    let _ = failed < enough;\n    None\n")]),
    ("claim: kept where the answer was lost", "scenarios", "a_call_without_an_answer_is_not_made_twice",
        [(ATTEMPT, "End::Known(outcome) if outcome.is_unsure() => {}",
            "End::Known(outcome) if outcome.is_unsure() => self.release(&attempt).await,")]),
    ("permit: not seconds old", "scenarios", "a_slow_table_makes_it_look_once_more_right_before_the_write",
        [(ATTEMPT, "Ok(permit) if permit.is_old() =>", "Ok(permit) if permit.is_old() && false =>")]),
    ("alert: what may have been done is not called held", "scenarios",
        "a_rollback_that_was_not_told_is_not_called_held_when_the_record_cannot_be_read",
        [(STORY, "        && asked.deliveries < LATE\n", "        && asked.only_tell\n")]),
    ("alert: what was not done is called held", "scenarios",
        "what_comes_again_without_the_table_is_told_at_once_and_once_more",
        [(ENDED, " && may_go_back(&self.case)", "")]),
    ("alert: the hour does not matter to what was done", "scenarios",
        "a_rollback_is_told_though_the_hour_cannot_be_read",
        [(ATTEMPTS, "gap.filter(|_| of_this.is_none())", "gap")]),
    ("alert: what another invocation holds may be told by nobody",
        "scenarios", "a_failure_is_told_wherever_the_function_dies",
        [(TELLING, "            Claim::Held => None,\n", "            Claim::Held => Some(Go::Drop),\n")]),
]


def copy():
    """The tree as it is, with what is not committed yet."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            # Not its time: older than the last build, a file would be taken for built.
            shutil.copyfile(ROOT / name, COPY / name)


def run(test, *names, histories=HISTORIES):
    environment = dict(os.environ, CARGO_TARGET_DIR=TARGET, MODEL_HISTORIES=histories)
    environment.setdefault("CARGO_PROFILE_DEV_DEBUG", "0")
    environment.pop("MODEL_ALL", None)
    command = ["cargo", "test", "-p", PACKAGE[test], "--test", test, "--", *names]
    return subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True)


def stale(mutants):
    """What a mutant breaks may be moved or reworded by somebody who does not know of it."""
    return [f"{mutant}: in {name} not once:\n{old}"
            for mutant, _, changes in mutants for name, old, _ in changes
            if (ROOT / name).read_text().count(old) != 1]


def patch(changes):
    """Applies the changes; gives what puts them back."""
    before = {}
    for name, old, new in changes:
        path = COPY / name
        text = path.read_text()
        before.setdefault(path, text)
        path.write_text(text.replace(old, new))
    return before


def verdict(result):
    """Caught by which invariant, at which seed, or by which test's assertion; or why not."""
    found = re.search(r"seed (\d+): NOT TRUE that ([^:]+)", result.stdout)
    if found:
        return found[2] != "nothing panics", f"{found[2]} (seed {found[1]})"
    found = re.search(r"^test (\S+) .*\bFAILED$", result.stdout, re.M)
    if found and not found[1].endswith("histories_hold"):
        asserted = re.search(r"assertion|panicked at \S*tests/(scenarios|verdict)/", result.stdout)
        return bool(asserted), f"test {found[1]}"
    if "could not compile" in result.stderr:
        errors = [line for line in result.stderr.splitlines() if line.startswith("error")]
        return False, f"DOES NOT COMPILE: {errors[0] if errors else ''}"
    if result.returncode == 0:
        return False, "SURVIVES"
    return False, f"the test did not run: {result.stdout[-300:]}"


def main():
    words = sys.argv[1:] or [""]
    every = [(name, ("model", "histories_hold"), changes) for name, changes in MUTANTS]
    every += [(name, (target, test), changes) for name, target, test, changes in BY_TEST]
    moved = stale(every)
    if moved or words == ["--check"]:
        sys.exit("\n".join(moved) or 0)
    wanted = [mutant for mutant in every if any(word in mutant[0] for word in words)]
    copy()
    for whole in {test for _, test, _ in wanted}:
        whole = run(*whole, histories="50")
        if whole.returncode != 0 or " 0 passed" in whole.stdout:
            sys.exit(f"a test fails without a mutant:\n{whole.stdout[-2000:]}{whole.stderr[-2000:]}")
    survivors = 0
    for name, test, changes in wanted:
        began = time.monotonic()
        before = patch(changes)
        caught, how = verdict(run(*test))
        for path, text in before.items():
            path.write_text(text)
        survivors += not caught
        print(f"| {name} | {how} | {time.monotonic() - began:.0f} s |", flush=True)
    print(f"{len(wanted)} mutants, {survivors} not caught")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
