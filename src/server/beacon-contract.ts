/** What a page leaves behind: events, and the key where no header can hold it. */
import { Type } from 'typebox';
import { PostEventsBody } from './contract.ts';

export { PostEventsAnswer } from './contract.ts';

export const BeaconBody = Type.Object(
  {
    key: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'Where there is no Authorization header.' }),
    ),
    ...PostEventsBody.properties,
  },
  { additionalProperties: false },
);
export interface BeaconRequest {
  readonly key?: string;
  readonly events: readonly unknown[];
}
