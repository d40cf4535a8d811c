// What the views are written with: Preact and htm, from one vendored file.
export {
  html,
  render,
  useState,
  useEffect,
  useLayoutEffect,
  useRef,
  useMemo,
  useReducer,
} from './vendor/htm/standalone.module.js';
