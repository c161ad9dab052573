import {
  Button,
  type CSSVariablesResolver,
  createTheme,
  Input,
  type MenuProps,
  type NumberInputProps,
  type PopoverProps,
  type TooltipProps,
} from "@mantine/core";

const accent = [
  "#e1ecfb",
  "#c5dbf8",
  "#a3c7ff",
  "#82b4ff",
  "#5a97ea",
  "#3779d3",
  "#1b5ebe",
  "#174f9f",
  "#134181",
  "#0f3364",
] as const;

/** Mantine in the console's own tokens (`tokens.css`), with what its defaults lack in contrast and names. */
export const theme = createTheme({
  primaryColor: "accent",
  colors: { accent },
  primaryShade: { light: 6, dark: 3 },
  autoContrast: true,
  black: "#0d1218",
  fontFamily: "inherit",
  defaultRadius: 6,
  respectReducedMotion: true,
  components: {
    // Mantine takes white for both themes.
    Button: Button.extend({
      vars: (_, { variant = "filled" }) => ({
        root: variant === "filled" ? { "--button-color": "var(--on-accent)" } : {},
      }),
    }),
    // Fields of a row stand at one height, however long their hints are.
    InputWrapper: Input.Wrapper.extend({
      defaultProps: { inputWrapperOrder: ["label", "input", "error", "description"] },
    }),
    // These are named by their types alone: importing them would put them, and what places them on the screen, into every page.
    // A placeholder for the focus inside of role=menu is no menu item.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false, shadow: "none" } satisfies Partial<MenuProps> },
    NumberInput: { defaultProps: { hideControls: true } satisfies Partial<NumberInputProps> },
    Popover: { defaultProps: { shadow: "none" } satisfies Partial<PopoverProps> },
    Tooltip: {
      defaultProps: {
        openDelay: 300,
        events: { hover: true, focus: true, touch: false },
      } satisfies Partial<TooltipProps>,
    },
  },
});

const own = {
  "--mantine-color-body": "var(--surface)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-dimmed": "var(--muted)",
  "--mantine-color-placeholder": "var(--muted)",
  "--mantine-color-anchor": "var(--accent)",
  "--mantine-primary-color-contrast": "var(--on-accent)",
  "--mantine-color-error": "var(--danger-text)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--sunken)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-default-border": "var(--line)",
  "--mantine-color-disabled": "var(--sunken)",
  "--mantine-color-disabled-color": "var(--muted)",
  "--mantine-color-disabled-border": "var(--line)",
};

export const variables: CSSVariablesResolver = () => ({ variables: {}, light: own, dark: own });
