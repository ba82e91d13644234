// Entry point: each module looks for its own elements and does nothing on pages that have none.
import { startLive } from "./live.js";
import { startChoose } from "./choose.js";
import { startTheme } from "./theme.js";
import { startCopy } from "./copy.js";
import { startFold } from "./fold.js";
import { startShortcuts } from "./shortcuts.js";
import { startPageState } from "./page-state.js";
import { startRows } from "./rows.js";
import { startRowDetails } from "./row-details.js";
import { startRowSearch } from "./row-search.js";
import { startZoom } from "./zoom.js";
import { startPng } from "./png.js";
import { startUpload } from "./upload.js";
import { startComplete } from "./complete.js";

startLive(); // first: it remembers the page as the server sent it
startTheme();
startChoose();
startCopy();
startFold();
startShortcuts();
startPageState();
startRows();
startRowDetails();
startRowSearch();
startZoom();
startPng();
startUpload();
startComplete();
