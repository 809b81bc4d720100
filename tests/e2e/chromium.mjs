/* Chromium through the proxy. */
import { browsing } from './lib/browsing.mjs';

browsing('chromium');
