"""Run mutmut over one module in the current folder, and write what became of its mutants to result.json.

Five things differ from mutmut's command line. A string has one mutant, not three: `XX` around it. The quickest test
runs first. Of a large module a sample is run, drawn with a fixed seed. Where tests share a fixture that calls the
module, every test is run against every mutant. And the tests must pass without a mutant after the run, not before it:
mutmut has run them by then to see which test calls which function.
"""

import json
import random
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import libcst as cst
import mutmut.__main__ as command_line
from mutmut.mutation import file_mutation, mutators
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.runners.harness import PytestRunner
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import orig_function_and_class_names_from_key as names_of
from mutmut.workers.isolation import ForkRunner

SEED = 9


def use_one_mutant_a_string() -> None:
    """Keep the first of mutmut's three mutants of each string: the other two only change its case."""
    operators = mutators.mutation_operators
    place = operators.index((cst.BaseString, mutators.operator_string))
    file_mutation.NEVER_MUTATE_FUNCTION_CALLS.add("cast")  # it does nothing
    operators[place] = (cst.BaseString, lambda node: islice(mutators.operator_string(node), 1))


def use_a_sample(size: int) -> None:
    """Run `size` mutants at most; the seed and the source decide which."""
    collect = command_line.collect_source_file_mutation_data

    def sampled(**arguments):
        mutants, data = collect(**arguments)
        return (random.Random(SEED).sample(mutants, size) if size < len(mutants) else mutants), data  # noqa: S311

    command_line.collect_source_file_mutation_data = sampled


def use_all_tests() -> None:
    """Run every chosen test against every mutant: a fixture that is made once is seen by its first test alone."""
    collect = command_line.collect_or_load_stats

    def spread(*arguments, **more) -> None:
        collect(*arguments, **more)
        tests = command_line.state().tests_by_mangled_function_name
        everything = command_line.collected_test_names()
        for function in tests:
            tests[function] = set(everything)

    command_line.collect_or_load_stats = spread


def use_the_quickest_test_first() -> None:
    """Most mutants fall to any test, and the first that fails ends the run."""
    arguments_of = PytestRunner._pytest_args_regular_run

    def in_order(runner: PytestRunner, tests: Iterable[str]) -> list[str]:
        durations = command_line.state().duration_by_test
        return arguments_of(runner, sorted(tests, key=lambda test: (durations.get(test, 0.0), test)))

    PytestRunner._pytest_args_regular_run = in_order


def leave_the_clean_run_out() -> None:
    """Run no clean tests before the mutants."""
    ForkRunner.run_clean_tests = lambda *_, **__: 0


def require_clean_tests() -> None:
    """End the program if the tests fail without a mutant.

    Mutants share the CDK's Node process. One that spoiled it would let the tests of all later mutants fail.
    """
    command_line.set_mutant_under_test("")
    with command_line.CatchOutput(spinner_title="Running clean tests") as output:
        failed = PytestRunner().run_tests(mutant_name=None, tests=[])
        if failed:
            output.dump_output()
    if failed:
        sys.exit("The tests fail without a mutant after the run, so its result says nothing.")


def in_words(mutant: str, status: str, path: Path) -> dict[str, str]:
    """A mutant that no test noticed: its function, the lines that it takes away and those that it puts there."""
    function, class_name = names_of(mutant)
    lines = get_diff_for_mutant(mutant, path=path).splitlines()[2:]
    return {
        "function": f"{class_name}.{function}" if class_name else function,
        "was": " ".join(line[1:].strip() for line in lines if line.startswith("-")),
        "is": " ".join(line[1:].strip() for line in lines if line.startswith("+")),
        "status": status,
    }


def main() -> None:
    """Run it: the sample's size, the number of processes and `all` or `covering` tests are the arguments."""
    size, processes, tests = sys.argv[1:]
    use_one_mutant_a_string()
    use_the_quickest_test_first()
    use_a_sample(int(size))
    leave_the_clean_run_out()
    if tests == "all":
        use_all_tests()
    command_line._run([], int(processes))
    require_clean_tests()
    mutants, _ = command_line.collect_source_file_mutation_data(mutant_names=())
    found = [(data.path, name, status_by_exit_code[data.exit_code_by_key[name]]) for data, name, _ in mutants]
    caught = {"killed", "timeout"}
    result = {
        "mutants": sum(len(data.exit_code_by_key) for data in {id(data): data for data, *_ in mutants}.values()),
        "run": len(found),
        "killed": sum(status == "killed" for *_, status in found),
        "endless": sum(status == "timeout" for *_, status in found),
        "survivors": [in_words(name, status, path) for path, name, status in found if status not in caught],
    }
    Path("result.json").write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
