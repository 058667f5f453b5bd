/** What editors put on Homes: campaigns are stored, listed and taken away here. */
import type { FastifyInstance } from 'fastify';
import { ShelfwiseError } from '../base/index.ts';
import { type CampaignBody, CampaignBodySchema } from '../domain/index.ts';
import {
  CampaignParams,
  DeleteCampaignAnswer,
  ListCampaignsAnswer,
  StoredCampaignSchema,
} from './campaign-contract.ts';
import { answers, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { NO_QUERY } from './validation.ts';

interface ById {
  Params: { id: string };
}

export function registerCampaigns(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  const tags = ['campaigns'];
  const onRequest = needs(context, 'admin');

  app.get('/v1/campaigns', {
    schema: {
      operationId: 'listCampaigns',
      summary: 'All campaigns, also those that are over or not yet begun.',
      tags,
      querystring: NO_QUERY,
      response: answers(ListCampaignsAnswer, 'The campaigns.'),
    },
    onRequest,
    handler: async () => ({ campaigns: platform.listCampaigns() }),
  });

  app.get<ById>('/v1/campaigns/:id', {
    schema: {
      operationId: 'getCampaign',
      summary: 'One campaign.',
      tags,
      params: CampaignParams,
      querystring: NO_QUERY,
      response: answers({ $ref: 'Campaign' }, 'The campaign.'),
    },
    onRequest,
    handler: async (request) => {
      const campaign = platform.getCampaign(request.params.id);
      if (campaign === undefined) throw new ShelfwiseError('CAMPAIGN_NOT_FOUND', request.params.id);
      return campaign;
    },
  });

  app.put<ById & { Body: CampaignBody }>('/v1/campaigns/:id', {
    schema: {
      operationId: 'putCampaign',
      summary: 'Stores a campaign, in the place of one with this id: on every Home decided from then on.',
      tags,
      params: CampaignParams,
      querystring: NO_QUERY,
      body: CampaignBodySchema,
      response: answers(StoredCampaignSchema, 'Stored; on disk.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest,
    handler: (request) => platform.putCampaign(request.params.id, request.body),
  });

  app.delete<ById>('/v1/campaigns/:id', {
    schema: {
      operationId: 'deleteCampaign',
      summary: 'Takes a campaign off every Home: none that is answered from then on shows it.',
      tags,
      params: CampaignParams,
      querystring: NO_QUERY,
      response: answers(DeleteCampaignAnswer, 'It is gone.'),
    },
    onRequest,
    handler: async (request) => {
      const { id } = request.params;
      if (!(await platform.deleteCampaign(id))) throw new ShelfwiseError('CAMPAIGN_NOT_FOUND', id);
      return { deleted: true };
    },
  });
}
