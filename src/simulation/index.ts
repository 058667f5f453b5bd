export type { ReactionOptions, RewardContext } from './respond.ts';
export { createDemoWorld, type DemoWorld, type DemoWorldOptions } from './world.ts';
