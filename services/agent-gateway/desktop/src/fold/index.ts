export { complete } from "./complete";
export { fold, foldAll, Hole } from "./fold";
export { compareInstants, laterOf } from "./instant";
export { inReadingOrder, merge, newestStretch, type Stretch } from "./timeline";
