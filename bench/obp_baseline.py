"""Open Bandit Pipeline on the log of `bench/ope.ts`: its estimators without a reward model, their tuning, and its bootstrap (by row)."""

import json
import resource
import sys
import time
import types


class _Absent(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return cls


class _Nothing(metaclass=_Absent):
    pass


def _stub(name):
    """What it imports for learning with neural networks, and does not use here."""
    module = types.ModuleType(name)
    module.__getattr__ = lambda attribute: _Nothing
    module.__path__ = []
    sys.modules[name] = module


for absent in ("torch", "torch.nn", "torch.nn.functional", "torch.optim", "torch.utils", "torch.utils.data", "pyieoe", "pyieoe.evaluator"):
    try:
        __import__(absent)
    except ImportError:
        _stub(absent)

import numpy as np  # noqa: E402
import obp  # noqa: E402
from obp import ope  # noqa: E402

folder, actions, resamples = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
action = np.fromfile(folder + "/action", dtype=np.int32)
reward = np.fromfile(folder + "/reward")
pscore = np.fromfile(folder + "/propensity")
target = np.fromfile(folder + "/target").reshape(-1, actions, 1)
given = dict(reward=reward, action=action, pscore=pscore, action_dist=target, position=np.zeros(len(action), dtype=int))
grid = [0.1, 0.5, 1, 2, 5, 10, 50, 100]
estimators = [
    ope.ReplayMethod(),
    ope.InverseProbabilityWeighting(),
    ope.SelfNormalizedInverseProbabilityWeighting(),
    ope.SubGaussianInverseProbabilityWeighting(lambda_=0.05),
]
tuned = [
    ope.InverseProbabilityWeightingTuning(lambdas=grid, tuning_method="slope"),
    ope.InverseProbabilityWeightingTuning(lambdas=grid, tuning_method="mse"),
    ope.SubGaussianInverseProbabilityWeightingTuning(lambdas=[0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0], tuning_method="slope"),
    ope.SubGaussianInverseProbabilityWeightingTuning(lambdas=[0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0], tuning_method="mse"),
]
started = time.perf_counter()
values = {}
for index, estimator in enumerate(estimators + tuned):
    values[f"{estimator.estimator_name}{index}"] = estimator.estimate_policy_value(**given)
points = time.perf_counter() - started
for estimator in estimators + tuned:
    estimator.estimate_interval(**given, n_bootstrap_samples=resamples, random_state=1)
seconds = time.perf_counter() - started
print(
    json.dumps(
        {
            "baselineOpenBanditPipeline": obp.__version__,
            "baselineEstimators": len(estimators) + len(tuned),
            "baselineSecondsWithoutIntervals": round(points, 3),
            "baselineSeconds": round(seconds, 3),
            "baselineRssMiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "baselineIps": values["ipw1"],
        }
    )
)
