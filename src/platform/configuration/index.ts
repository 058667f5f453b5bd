/** The configuration file: what may stand in it, where it is found, and how a running platform follows it. */
export { type Checked, type Configuration, checkConfiguration } from './check.ts';
export { CONFIG_FILES, findConfiguration, loadConfiguration } from './load.ts';
export { SAMPLE_TS, SAMPLE_YAML } from './sample.ts';
export { type ConfigurationSource, checkedSettings, readConfiguration } from './source.ts';
