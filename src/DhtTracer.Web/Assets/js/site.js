// Entry point: each module looks for its own elements and does nothing on pages that have none.
import { startLive } from "./live.js";
import { startChoose } from "./choose.js";
import { startTheme } from "./theme.js";
import { startCopy } from "./copy.js";
import { startFold } from "./fold.js";
import { startShortcuts } from "./shortcuts.js";

startLive(); // first: it remembers the page as the server sent it
startTheme();
startChoose();
startCopy();
startFold();
startShortcuts();
