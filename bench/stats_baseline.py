"""TensorFlow Data Validation's statistics of a Parquet file, with its defaults, in this process."""

import json
import resource
import sys
import time

import pyarrow.parquet as parquet
import tensorflow_data_validation as tfdv

# What it took to come here: the start of Python and the imports.
import_cpu = time.process_time()
frame = parquet.read_table(sys.argv[1]).to_pandas()
read_cpu = time.process_time() - import_cpu
start, cpu = time.time(), time.process_time()
statistics = tfdv.generate_statistics_from_dataframe(frame, n_jobs=1)
print(
    json.dumps(
        {
            "version": tfdv.__version__,
            "numExamples": statistics.datasets[0].num_examples,
            "seconds": round(time.time() - start, 2),
            "cpuSeconds": round(time.process_time() - cpu, 2),
            "readCpuSeconds": round(read_cpu, 2),
            "importCpuSeconds": round(import_cpu, 2),
            "rssMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
    )
)
