// The draft page.
"use strict";
