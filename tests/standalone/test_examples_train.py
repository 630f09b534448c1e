"""Every example's script trains, is continued and draws, where there is torch and the package of its data alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from formula2dgm.cli.main import main

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.tex"))
#: Of which the data that ship with scikit-learn have no example: these train on the self-check's random data.
OWN = {"newtonian_vae", "product_of_experts", "sequence_vae", "td_vae", "world_model"}
#: One process that has imported torch; a child of it for each script, in which other packages cannot be imported.
RUN = """
import importlib.abc, importlib.util, json, os, runpy, sys, traceback
import torch, torch._dynamo, torch.optim.swa_utils, sklearn.datasets

BEFORE = {each.split(".")[0] for each in sys.modules}

class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in BEFORE | set(sys.stdlib_module_names):
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, Block())
torch.set_num_threads(1)

def attempt(name, *flags):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        log = open(f"{name}.log", "a")
        os.dup2(log.fileno(), 1), os.dup2(log.fileno(), 2)
        sys.argv = [f"{name}.py", "--batch-size", "400", "--out-dir", name, *flags]
        runpy.run_path(f"{name}.py", run_name="__main__")
    except SystemExit as ended:
        sys.stdout.flush()
        os._exit(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    os._exit(99)

own, names = json.loads(sys.argv[1])
found = {}
for name in names:
    data = []
    if name in own:
        torch.manual_seed(0)
        spec = importlib.util.spec_from_file_location(name, f"{name}.py")
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        made = [module.example() for _ in range(6)]
        torch.save({k: torch.cat([each[k] for each in made]) for k in made[0]}, f"{name}.pt")
        data = ["--data", f"{name}.pt"]
    flags = ["--hidden", "8"] if "hidden: int = option(" in open(f"{name}.py").read() else []
    found[name] = [attempt(name, *flags, *data, "--epochs", "1", "--ema", "0.9")]
    found[name] += [attempt(name, "--epochs", "2", "--resume", "auto")]
print(json.dumps(found))
"""


@pytest.mark.slow
def test_every_example(tmp_path: Path) -> None:
    for each in EXAMPLES:
        assert main(["compile", str(each), "-o", str(tmp_path / f"{each.stem}.py")]) == 0
    (tmp_path / "run.py").write_text(RUN)
    clean = {**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"}
    given = json.dumps([sorted(OWN), [each.stem for each in EXAMPLES]])
    done = subprocess.run(
        [sys.executable, "run.py", given], cwd=tmp_path, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    wrong = {name: (tmp_path / f"{name}.log").read_text()[-2000:] for name, codes in found.items() if any(codes)}
    assert not wrong, "\n\n".join(f"{name}: {text}" for name, text in wrong.items())
    for name in found:
        assert len((tmp_path / name / "metrics.jsonl").read_text().splitlines()) == 2
        assert (tmp_path / name / "loss.png").exists()
