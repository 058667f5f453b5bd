"""Fits scikit-learn's and XGBoost's equivalents on the rows that `shelfwise train --csv` learnt from, and measures them on the rows that it held out.

Arguments: the data file, the number of the label's column from 0 or -1, the file with the numbers of the rows that were held out, the family.
Classes are parted one against the rest where the family does so here; probabilities are then scaled to a sum of 1, as here.
"""

import gzip
import json
import sys
import time
import warnings

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")
path, label, held_file, family = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
lines = [line for line in gzip.open(path, "rt").read().splitlines() if line.strip()]
separator = "," if "," in lines[0] else None
rows = [line.split(separator) for line in lines]


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


# A first line whose label is found nowhere below it is a header.
if rows[0][label] not in {row[label] for row in rows[1:]}:
    rows = rows[1:]
held = np.zeros(len(rows), dtype=bool)
held[[int(line) for line in open(held_file)]] = True
names = np.array([row[label] for row in rows])
classes, y = np.unique(names, return_inverse=True)
label %= len(rows[0])
columns = [[row[c] for row in rows] for c in range(len(rows[0])) if c != label]
numeric = [all(number(value) is not None for value in column) for column in columns]
table = np.array([[number(v) for v in c] if n else c for c, n in zip(columns, numeric)], dtype=object).T
kinds = ColumnTransformer(
    [
        ("numbers", StandardScaler(), [i for i, n in enumerate(numeric) if n]),
        ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), [i for i, n in enumerate(numeric) if not n]),
    ]
)

if family == "trees":
    import xgboost

    core = xgboost.XGBClassifier(n_estimators=200, max_depth=6, learning_rate=0.1, tree_method="hist", n_jobs=2)
elif family == "network":
    core = MLPClassifier((64, 32), max_iter=300, random_state=1)
else:
    core = LogisticRegression(C=1.0, max_iter=2000)
model = make_pipeline(kinds, core if len(classes) == 2 else OneVsRestClassifier(core))
began = time.process_time()
model.fit(table[~held], y[~held])
p = model.predict_proba(table[held])
p = np.clip(p, 1e-15, 1)
p /= p.sum(axis=1, keepdims=True)
print(
    json.dumps(
        {
            "trainer": type(core).__name__,
            "accuracy": float((p.argmax(axis=1) == y[held]).mean()),
            "logLoss": float(log_loss(y[held], p, labels=np.arange(len(classes)))),
            "cpuSeconds": time.process_time() - began,
        }
    )
)
