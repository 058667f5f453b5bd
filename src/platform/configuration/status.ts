/** What is told of the configuration file. */

export interface ConfigurationProblem {
  /** Where in the file, such as `model.options.depth`; '' for the whole. */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

export interface ConfigurationStatus {
  /** Absolute; '' where the platform was started without one. */
  readonly file: string;
  /** Of the settings in force; '' where there is no file. */
  readonly hash: string;
  /** `refused`: the file as it is now is not valid, and what was in force before still is. */
  readonly state: 'none' | 'applied' | 'refused';
  readonly changedAtMs: number;
  readonly problems: readonly ConfigurationProblem[];
  /** Changed settings that take effect with the next start, such as `server.port`. */
  readonly waiting: readonly string[];
  /** The model that the file asks for; null where it leaves the choice to `promote`. */
  readonly model: {
    readonly family: string;
    /** `waiting`: there is nothing to train it on yet. Until it serves, what served before does. */
    readonly state: 'serves' | 'training' | 'waiting' | 'failed';
    readonly detail: string;
  } | null;
}

export interface ConfigurationService {
  configurationStatus(): ConfigurationStatus;
}
