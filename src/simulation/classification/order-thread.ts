/** The threads of a table of policies and models: each holds the data, and runs the orders that it is told to. */
import { joinCrew } from '../../base/index.ts';
import type { ClassificationData } from './data.ts';
import { type OrderFigures, type OrderTask, simulateOrder } from './simulate.ts';

joinCrew<OrderTask, OrderFigures, ClassificationData>(
  (data) =>
    ({ options, order }, onProgress) =>
      simulateOrder(data, options, order, { onRows: (rows) => onProgress(rows / data.rows) }),
);
