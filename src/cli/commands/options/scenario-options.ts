import { pairs } from './option.js';
import { assignment } from './values.js';

/** What `test` and `load` say alike of a scenario. */
export const scenarioOptions = {
  var: pairs('--var <name=value>', 'set a variable of the scenario (repeatable)', assignment),
};
