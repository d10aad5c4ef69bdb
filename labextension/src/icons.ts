import { LabIcon } from '@jupyterlab/ui-components';

/** Three discs in the theme's icon colour: the panel's tab, commands and launcher card. */
export const juliaIcon = new LabIcon({
  name: 'julia-aot:julia',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <circle cx="12" cy="6.6" r="4.4"/>
    <circle cx="6.4" cy="16.4" r="4.4"/>
    <path d="M17.6 12a4.4 4.4 0 1 1 0 8.8a4.4 4.4 0 0 1 0-8.8zm-1.5 2.2v4.4l3.8-2.2z"/>
  </g>
</svg>`
});
