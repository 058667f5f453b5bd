"""Fits XGBoost (hist) to the rows that bench/train-trees.ts wrote and prints one JSON line a round that it is asked for."""

import json
import sys
import time

import numpy
import xgboost

folder, columns, trees, depth, threads = sys.argv[1], *map(int, sys.argv[2:6])


def rows(name, shape=None):
    values = numpy.fromfile(f"{folder}/{name}", dtype=numpy.float32)
    return values if shape is None else values.reshape(-1, shape)


x, y, w, held = rows("x", columns), rows("y"), rows("w"), rows("held", columns)
settings = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": depth,
    "eta": 0.1,
    "max_bin": 256,
    "nthread": threads,
}
for _ in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    matrix = xgboost.QuantileDMatrix(x, y, weight=w, max_bin=256, nthread=threads)
    model = xgboost.train(settings, matrix, trees)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    model.inplace_predict(held).astype(numpy.float32).tofile(f"{folder}/scores")
    print(json.dumps({"wallMs": wall * 1000, "cpuMs": cpu * 1000, "version": xgboost.__version__}), flush=True)
