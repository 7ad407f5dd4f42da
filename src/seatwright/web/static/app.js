import "./behaviour/theme.js";
import "./behaviour/menu.js";
import "./behaviour/drawer.js";
import "./behaviour/dialog.js";
import "./behaviour/palette.js";
import "./behaviour/stepper.js";
import "./behaviour/ago.js";
import "./behaviour/once.js";
