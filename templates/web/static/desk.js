// What all pages share.
"use strict";
