// Entry point: each module looks for its own elements and does nothing on pages that have none.
import { startTheme } from "./theme.js";
import { startCopy } from "./copy.js";
import { startFold } from "./fold.js";
import { startShortcuts } from "./shortcuts.js";

startTheme();
startCopy();
startFold();
startShortcuts();
