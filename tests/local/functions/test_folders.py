from local.functions.folders import Folders


def test_the_runtime_folder_holds_awslambdaric_and_what_it_needs(tmp_path) -> None:
    """Nothing else of this project's packages is reachable from it."""
    folder = Folders(tmp_path).runtime()

    assert {entry.name.split(".")[0] for entry in folder.iterdir()} == {
        "awslambdaric",
        "runtime_client",
        "simplejson",
        "snapshot_restore_py",
    }
    assert (folder / "awslambdaric" / "bootstrap.py").is_file()


def test_the_same_code_is_extracted_once(tmp_path, make) -> None:
    """Two revisions that differ in configuration alone share a folder; other code gets another."""
    folders = Folders(tmp_path)
    code = make.package("one = 1")

    assert folders.task_root(code) == folders.task_root(bytes(code))
    assert folders.task_root(code) != folders.task_root(make.package("two = 2"))
    assert (folders.task_root(code) / "handler.py").read_text() == "one = 1"
