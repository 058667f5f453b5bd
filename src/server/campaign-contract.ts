/** The contract of campaigns: parameters, answers and named components; the nouns are those of `domain/campaign.ts`. */
import { type TSchema, Type } from 'typebox';
import { type Campaign, CampaignBodySchema, CampaignIdSchema } from '../domain/index.ts';
import type { StoredCampaign } from '../platform/index.ts';

export type { Campaign, CampaignBody } from '../domain/index.ts';
export type { StoredCampaign } from '../platform/index.ts';

const closed = { additionalProperties: false } as const;
const ref = (name: string): TSchema => Type.Ref(name);

export const CampaignParams = Type.Object({ id: CampaignIdSchema }, closed);
export const StoredCampaignSchema = Type.Object(
  {
    fate: Type.Enum(['created', 'updated', 'unchanged'] satisfies StoredCampaign['fate'][]),
    campaign: ref('Campaign'),
    unknownItems: Type.Array(Type.String(), {
      description: 'Items that the catalogue does not hold: they are shown once it does.',
    }),
  },
  closed,
);
export const ListCampaignsAnswer = Type.Object(
  { campaigns: Type.Array(ref('Campaign'), { description: 'By id.' }) },
  closed,
);
export interface CampaignList {
  readonly campaigns: readonly Campaign[];
}
export const DeleteCampaignAnswer = Type.Object({ deleted: Type.Boolean() }, closed);

export const CAMPAIGN_COMPONENTS: Readonly<Record<string, TSchema>> = {
  Campaign: Type.Object({ id: CampaignIdSchema, ...CampaignBodySchema.properties }, closed),
  CampaignBody: CampaignBodySchema,
};
