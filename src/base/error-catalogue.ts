/**
 * The catalogue of errors, in alphabetical order by code. `docs/errors.md` is generated from it (`npm run docs`) and a
 * test keeps the two in step. Codes are stable: callers may match on them.
 */
import type { ErrorEntry } from './errors.ts';

export const CATALOGUE = {
  ADDRESS_IN_USE: {
    blame: 'operator',
    status: 409,
    message: 'Another process listens at this address',
    remedy: 'Choose another port with --port, or --port 0 for any free one.',
  },
  ALERT_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'No alert that lasts has this id',
    remedy: 'List the alerts that fire; it may have recovered since.',
  },
  ALERT_RULE_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'No rule that a person added has this name',
    remedy: 'List the rules; those of the configuration are changed in its file.',
  },
  ALERT_SILENCE_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'No silence that lasts has this id',
    remedy: 'List the silences; it may have ended since.',
  },
  ALREADY_OWNED: {
    blame: 'operator',
    status: 409,
    message: 'The data directory is owned by a running platform',
    remedy: 'Use that platform (the lock file names its address), or stop it first.',
  },
  ANSWER_NOT_TAKEN: {
    blame: 'caller',
    status: 408,
    message: 'The answer was not read on, and its job has been ended',
    remedy: 'Read it without a pause: write it to a file (`--out FILE`), and look at that.',
  },
  BIND_REFUSED: {
    blame: 'operator',
    status: 403,
    message: 'Shelfwise does not listen beyond this machine without keys that were made on purpose',
    remedy: 'Make one with `shelfwise keys create NAME --scope SCOPE`, then start again; or bind to 127.0.0.1.',
  },
  BUG: {
    blame: 'bug',
    status: 500,
    message: 'Something that cannot happen has happened',
    remedy: 'Please report it with the log lines around it.',
  },
  CAMPAIGN_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'No campaign has this id',
    remedy: 'List them with GET /v1/campaigns, or store it with PUT /v1/campaigns/{id}.',
  },
  CONFIG_INVALID: {
    blame: 'operator',
    status: 500,
    message: 'The configuration is not valid',
    remedy: 'Correct the named field; unknown keys are errors.',
  },
  CURSOR_EXPIRED: {
    blame: 'caller',
    status: 410,
    message: 'The page that this cursor goes on with does not stand any more',
    remedy:
      'Ask for the Home again without a cursor: it is older than its lifetime, or it held what may no longer be shown.',
  },
  DATA_DIR_FOREIGN: {
    blame: 'operator',
    status: 500,
    message: 'The folder is not a data directory and not empty',
    remedy: 'Name an empty or a new folder with --data.',
  },
  DATA_DIR_VERSION: {
    blame: 'operator',
    status: 500,
    message: 'The data directory was written by another version of Shelfwise',
    remedy: 'Run this directory with the version that it names or a later one, which migrates it.',
  },
  DATA_SCHEMA_CHANGED: {
    blame: 'caller',
    status: 409,
    message: 'The schema has changed since it was looked at',
    remedy: 'Read the schema again, and say of its newest version what it shall become.',
  },
  DATA_SCHEMA_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'There is no such schema, or no such version of it',
    remedy: 'List the schemas and their versions; a schema is there once data of its kind was examined.',
  },
  DATA_SET_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'There is no such data set',
    remedy: 'List the data sets; a span without data, or older than is kept, has none.',
  },
  DECISION_CORRUPT: {
    blame: 'operator',
    status: 500,
    message: 'The record of a decision does not decode',
    remedy: 'Run `shelfwise doctor`; restore the damaged file from a backup.',
  },
  DECISION_ERASED: {
    blame: 'caller',
    status: 410,
    message: 'The listener of this decision has been erased',
    remedy: 'Nothing can be replayed: the key of the state bytes is gone, as it must be.',
  },
  DECISION_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'No decision has this id',
    remedy: 'Use the `decisionId` that a Home was answered with.',
  },
  EPOCH_CORRUPT: {
    blame: 'operator',
    status: 500,
    message: 'An epoch does not match its hash',
    remedy:
      'Run `shelfwise doctor`. `shelfwise fit` makes anew what serves; restore the `epochs/` folder from a backup for what does not.',
  },
  EPOCH_NOT_FOUND: {
    blame: 'operator',
    status: 500,
    message: 'An epoch is missing from the epoch store',
    remedy:
      'Epochs go 90 days (`epochRetentionDays`) after they last served, and decisions of before do not replay. For a younger one restore the `epochs/` folder from a backup.',
  },
  ERASURE_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'No erasure has this id',
    remedy: 'Use the `id` that DELETE /v1/listeners/{id} was answered with; `shelfwise erasures` lists them.',
  },
  EXAMPLES_INVALID: {
    blame: 'caller',
    status: 422,
    message: 'A row cannot be learnt from',
    remedy:
      'Labels lie in [0, 1], sample weights are finite and not negative, columns are those of the encoder of the model.',
  },
  FORBIDDEN: {
    blame: 'caller',
    status: 403,
    message: 'The API key does not have the scope that this route needs',
    remedy: 'Use a key with the scope that `detail` names; `shelfwise keys create` makes one.',
  },
  ITEM_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'No item has this id',
    remedy: 'Upsert it with PUT /v1/items first.',
  },
  JOB_RUNNING: {
    blame: 'caller',
    status: 409,
    message: 'This job is running already',
    remedy: 'Wait until it has ended; /v1/status tells of background work.',
  },
  KERNEL_MEMORY: {
    blame: 'operator',
    status: 507,
    message: 'The vectors do not fit into the 4 GiB that one instance of the kernels can address',
    remedy: 'Use a smaller dimension or fewer items.',
  },
  KEY_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'No key that was made has this name',
    remedy: "`shelfwise keys list` shows those that there are; the platform's own key is not among them.",
  },
  LISTENER_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'No listener has this id',
    remedy: 'Create it with PUT /v1/listeners/{id}, or send an event of theirs.',
  },
  LOG_CORRUPT: {
    blame: 'operator',
    status: 500,
    message: 'The event log is damaged before its tail',
    remedy: 'Run `shelfwise doctor`; restore the damaged segment from a backup.',
  },
  LOG_FULL: {
    blame: 'operator',
    status: 507,
    message: 'The disk is full and the event was not accepted',
    remedy: 'Free space on the volume of the data directory; nothing acknowledged was lost; send the event again.',
  },
  LOG_POSITION_GONE: {
    blame: 'caller',
    status: 410,
    message: 'This position of the event log lies in a segment that has been moved to the lake',
    remedy: 'Read the entry from the lake.',
  },
  LOG_WRITE_FAILED: {
    blame: 'operator',
    status: 503,
    message: 'The disk refused a write and the event was not accepted',
    remedy: 'See the system log for the disk; nothing acknowledged was lost; send the event again.',
  },
  METADATA_INVALID: {
    blame: 'caller',
    status: 422,
    message: 'This is not the schema, statistics or anomalies message that was asked for',
    remedy:
      'Give a message of `tensorflow.metadata.v0` of that kind, in text form (`.pbtxt`), binary form (`.pb`) or as the one record of a TFRecord file.',
  },
  METHOD_NOT_ALLOWED: {
    blame: 'caller',
    status: 405,
    message: 'This route does not take this method',
    remedy: 'Use a method that the Allow header names; see /openapi.json.',
  },
  MODEL_ENCODER_MISMATCH: {
    blame: 'operator',
    status: 500,
    message: 'The reward model was trained on the features of another encoder',
    remedy: 'Fit the model anew, or run the version of Shelfwise that trained it.',
  },
  MODEL_NOT_EXPORTABLE: {
    blame: 'caller',
    status: 409,
    message: 'This model cannot be written in that format',
    remedy: 'List the models with GET /v1/models and export one whose family can.',
  },
  MODEL_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'No registered model has this hash',
    remedy: 'List the models with GET /v1/models or `shelfwise model list`.',
  },
  NOT_READY: {
    blame: 'operator',
    status: 503,
    message: 'The platform is starting or stopping',
    remedy: 'Wait until /readyz answers 200.',
  },
  ONNX_BINDING: {
    blame: 'caller',
    status: 422,
    message: 'The binding does not fit the ONNX model or the declared features',
    remedy:
      'Bind each input of the model to dense columns or slots by their names, and name its score; docs/onnx.md shows how.',
  },
  ONNX_INVALID: {
    blame: 'caller',
    status: 422,
    message: 'The file is no ONNX model that can be read',
    remedy:
      'Export the model anew as one .onnx file with its tensors inside, and check it with `onnx.checker.check_model`.',
  },
  ONNX_OPERATOR: {
    blame: 'caller',
    status: 422,
    message: 'The ONNX model has an operator that Shelfwise does not compute itself',
    remedy:
      'Install the optional package onnxruntime-node beside Shelfwise and bind the model with `engine: onnxruntime`, or export it with the operators that docs/onnx.md lists.',
  },
  ONNX_RUNTIME: {
    blame: 'operator',
    status: 500,
    message: 'The ONNX runtime did not answer',
    remedy:
      'Install it with `npm install onnxruntime-node` (with ONNXRUNTIME_NODE_INSTALL=skip set); if it is installed, the particulars are what it said.',
  },
  ONNX_SCORE: {
    blame: 'operator',
    status: 500,
    message: 'The ONNX model gave a score that cannot be served',
    remedy:
      'Say in the binding what stands for missing values and how the output is to be read (`as`), or export the model with its last step.',
  },
  OPE_MARGINAL_UNAVAILABLE: {
    blame: 'caller',
    status: 422,
    message: 'Marginal rank propensities do not exist for this policy',
    remedy: 'Use the conditional propensities of the page; marginals exist only for plain Plackett-Luce without masks.',
  },
  OPE_NO_DECISIONS: {
    blame: 'caller',
    status: 422,
    message: 'There is no decision to evaluate on',
    remedy: 'Have apps report the Homes that they rendered, wait a day for what those earn, or widen the span.',
  },
  OPE_OBSERVATION_RANGE: {
    blame: 'caller',
    status: 422,
    message: 'An observation lies outside the range that the bound was promised',
    remedy:
      'Scale rewards to [0, 1] before bounding them, check weights for values that are negative or not finite, or state a larger range.',
  },
  OPE_PROPENSITY_RANGE: {
    blame: 'caller',
    status: 422,
    message: 'A logged propensity does not lie in (0, 1]',
    remedy:
      'Log the probability with which the action was drawn; leave rows that were not drawn (forced, pinned, degraded) out, or correct the column.',
  },
  OPE_ROW_INVALID: {
    blame: 'caller',
    status: 422,
    message: 'A logged row cannot be evaluated',
    remedy:
      'Correct the named column of the named row: weights are finite and >= 0, rewards and predictions are finite.',
  },
  OPTION_INVALID: {
    blame: 'caller',
    status: 400,
    message: 'An option is not valid',
    remedy: 'Correct the named option; see --help or the documentation.',
  },
  PLATFORM_UNREACHABLE: {
    blame: 'operator',
    status: 503,
    message: 'The platform that owns the data directory does not answer',
    remedy: 'Wait if it is starting; otherwise stop that process, and start `shelfwise up` again.',
  },
  PLAYLIST_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'The listener has no such playlist now',
    remedy:
      'GET /v1/listeners/{id}/playlists lists those that there are: generated ones, once enough has been played or picked and a fit was made.',
  },
  POLICY_EVIDENCE: {
    blame: 'operator',
    status: 409,
    message: 'The model does not give what the policy needs beside scores',
    remedy:
      'Choose a policy that needs none, or fit a model that has it (a posterior, an ensemble, an online learner); docs/policies.md has the table.',
  },
  POLICY_INVALID: {
    blame: 'bug',
    status: 500,
    message: 'A policy did not write a distribution',
    remedy: 'Run `policyLaws(policy)`: every probability must be at least 0 and all must sum to 1.',
  },
  RANKING_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'No ranking of the last day has this id',
    remedy: 'Use the id that the rank call was made with, or answered with; rewards count for 24 hours.',
  },
  RATE_LIMITED: {
    blame: 'caller',
    status: 429,
    message: 'Too many requests',
    remedy: 'Wait for the seconds that Retry-After names.',
  },
  REQUEST_INVALID: {
    blame: 'caller',
    status: 422,
    message: 'The request does not match its schema',
    remedy: 'Correct the fields that `errors` points at.',
  },
  REQUEST_MALFORMED: {
    blame: 'caller',
    status: 400,
    message: 'The body is not valid JSON',
    remedy: 'Send UTF-8 JSON with Content-Type: application/json.',
  },
  REQUEST_MEDIA_TYPE: {
    blame: 'caller',
    status: 415,
    message: 'The body is not of a media type that Shelfwise reads',
    remedy: 'Send JSON with Content-Type: application/json.',
  },
  REQUEST_TOO_LARGE: {
    blame: 'caller',
    status: 413,
    message: 'The body is too large',
    remedy: 'Send fewer rows an envelope.',
  },
  ROUTE_NOT_FOUND: {
    blame: 'caller',
    status: 404,
    message: 'There is no such route',
    remedy: 'See /openapi.json for the routes.',
  },
  SCHEMA_ENVIRONMENT_UNKNOWN: {
    blame: 'caller',
    status: 422,
    message: 'The schema does not know this environment',
    remedy: 'Name one of its `default_environment`, or add it there.',
  },
  STATE_CORRUPT: {
    blame: 'operator',
    status: 500,
    message: 'The stored state of a listener does not decode',
    remedy: 'Run `shelfwise rebuild state`: states are folded anew from the event log.',
  },
  STATISTICS_AMBIGUOUS: {
    blame: 'caller',
    status: 422,
    message: 'These statistics hold several datasets and none is the one to use',
    remedy: 'Give statistics of one dataset, or with the slice called `All Examples`.',
  },
  STATISTICS_COLUMN_MISMATCH: {
    blame: 'caller',
    status: 422,
    message: 'A column does not fit the data that it belongs to',
    remedy:
      'Give a feature one type and one depth of lists throughout, a row as many cells as the header, an example one weight.',
  },
  STATISTICS_MIXED_PATHS: {
    blame: 'caller',
    status: 422,
    message: 'Some features of these statistics are known by name and others by path',
    remedy: 'Write either `name` or `path` for every feature of a dataset.',
  },
  STORE_FULL: {
    blame: 'operator',
    status: 507,
    message: 'The disk is full and the change was not stored',
    remedy: 'Free space on the volume of the data directory; nothing stored before was lost; try again.',
  },
  STORE_WRITE_FAILED: {
    blame: 'operator',
    status: 503,
    message: 'The disk refused a write and the change was not stored',
    remedy: 'See the system log for the disk; nothing stored before was lost; try again.',
  },
  SWITCH_UNKNOWN: {
    blame: 'caller',
    status: 404,
    message: 'There is no such switch',
    remedy:
      'Name `shelf:ID` or `policy:ID` as `GET /v1/switches` lists them. Popularity stands in for the others and has none.',
  },
  UNAUTHORISED: {
    blame: 'caller',
    status: 401,
    message: 'The API key is missing or wrong',
    remedy: 'Send `Authorization: Bearer KEY`; `shelfwise up` prints the key.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof CATALOGUE;
