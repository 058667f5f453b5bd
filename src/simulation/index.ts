export { createDemoWorld, type DemoWorld } from './world.ts';
