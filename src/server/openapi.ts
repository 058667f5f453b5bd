/** The OpenAPI 3.1 document, made from the schemas that the routes are validated with. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { BODY_OPTIONAL, COMPONENTS } from './contract.ts';
import { ENGINE_TAGS, OTHER_KEY_HEADERS } from './engines.ts';
import { schemeOf } from './route.ts';
import { plain } from './validation.ts';

/** Makes the contract's components known by name. */
export function registerComponents(app: FastifyInstance): void {
  for (const [name, schema] of Object.entries(COMPONENTS)) app.addSchema({ ...plain(schema), $id: name });
}

export function openApiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Shelfwise',
        version,
        description: 'A personal Home for every listener: catalogue and events in, shelves and cards out.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'home', description: 'The Home of a listener.' },
        { name: 'events', description: 'What listeners do.' },
        { name: 'items', description: 'The catalogue.' },
        { name: 'listeners', description: 'Who a Home is for.' },
        { name: 'playlists', description: 'Playlists that are made for a listener.' },
        { name: 'campaigns', description: 'Rows that editors put on Homes.' },
        ...ENGINE_TAGS,
        { name: 'insights', description: 'Figures by shelf and item, listeners in words, the last minutes.' },
        { name: 'decisions', description: 'What was decided, with which propensities, and its replay.' },
        { name: 'models', description: 'Reward models: the registry, training, promotion.' },
        { name: 'data', description: 'The platform’s own data: figures, anomalies, schemas.' },
        { name: 'alerts', description: 'What fires and fired, who is told, silences.' },
        { name: 'admin', description: 'Jobs, keys, status.' },
        { name: 'operations', description: 'Health, metrics, this document, covers.' },
      ],
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: '`shelfwise up` prints a key.' },
          ...Object.fromEntries(
            OTHER_KEY_HEADERS.map((name) => [
              schemeOf(name),
              {
                type: 'apiKey',
                in: 'header',
                name,
                description: 'The same key, as clients of another engine send it.',
              },
            ]),
          ),
        },
      },
    },
    convertConstToEnum: false,
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, i) => (typeof json.$id === 'string' ? json.$id : `part-${i}`),
    },
    transformObject: (document) => {
      const openapi = 'openapiObject' in document ? document.openapiObject : document.swaggerObject;
      const { paths } = openapi as { paths: Record<string, Record<string, Operation>> };
      nameCoverById(paths);
      freeOptionalBodies(paths);
      return openapi;
    },
  } as FastifyDynamicSwaggerOptions;
}

/** The router takes `{id}.svg` as one parameter; to those who read the document it is an id and an ending. */
function nameCoverById(paths: Record<string, unknown>): void {
  const cover = paths['/covers/{file}'] as { get: { parameters: readonly unknown[] } };
  delete paths['/covers/{file}'];
  const parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }];
  paths['/covers/{id}.svg'] = { get: { ...cover.get, parameters } };
}

interface Operation {
  readonly requestBody?: {
    required: boolean;
    readonly content: Record<string, { readonly schema: Record<string, unknown> }>;
  };
}

/** The framework's generator calls every body required. */
function freeOptionalBodies(paths: Record<string, Record<string, Operation>>): void {
  for (const operations of Object.values(paths)) {
    for (const { requestBody } of Object.values(operations)) {
      if (requestBody === undefined) continue;
      requestBody.required = !Object.values(requestBody.content).some(({ schema }) => schema[BODY_OPTIONAL] === true);
    }
  }
}
