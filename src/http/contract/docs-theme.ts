/** A padlock: the page's icon, and beside its name. */
export const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#12614a" d="M8 1a3.5 3.5 0 0 0-3.5 ' +
  '3.5V7H4a1.5 1.5 0 0 0-1.5 1.5v5A1.5 1.5 0 0 0 4 15h8a1.5 1.5 0 0 0 1.5-1.5v-5A1.5 1.5 0 0 0 12 7h-.5V4.5A3.5 3.5 ' +
  '0 0 0 8 1Zm2 6H6V4.5a2 2 0 1 1 4 0V7Z"/></svg>'

/** Colours with the contrast that WCAG 2 asks for (1.4.3), where Swagger UI's own have less. */
export const style = `
.swagger-ui .info { margin: 32px 0 }
.swagger-ui .info .title { padding-left: 44px; background: url(padlock.svg) no-repeat 0 2px / 34px }
.swagger-ui .info .title small, .swagger-ui .info .title small.version-stamp { background: #44504a }
.swagger-ui .info .title small pre { color: #fff }
.swagger-ui .info a, .swagger-ui .info .url, .swagger-ui a.link { color: #1a4f8a }
.swagger-ui .btn.authorize, .swagger-ui .btn.authorize span { border-color: #12614a; color: #12614a }
.swagger-ui .btn.authorize svg { fill: #12614a }
.swagger-ui .btn.cancel, .swagger-ui .btn.try-out__btn.cancel { border-color: #a02020; color: #a02020 }
.swagger-ui .btn.execute { border-color: #1a4f8a; background: #1a4f8a; color: #fff }
.swagger-ui .opblock.opblock-post .opblock-summary-method { background: #12614a }
.swagger-ui .opblock.opblock-get .opblock-summary-method { background: #1a4f8a }
.swagger-ui .parameter__in, .swagger-ui .prop-format, .swagger-ui .response-col_links,
.swagger-ui .response-control-media-type__accept-message { color: #44504a }
.swagger-ui .parameter__name.required::after, .swagger-ui .parameter__name.required span,
.swagger-ui .opblock-section-header .required { color: #a02020 }
.swagger-ui .info code, .swagger-ui .markdown code, .swagger-ui .renderedMarkdown code { color: #6b21a8 }
.swagger-ui .download-contents { background: #44504a; color: #fff }
.swagger-ui input:disabled, .swagger-ui select:disabled { opacity: 1 }
`

/** Names for what Swagger UI shows without one (WCAG 2, 4.1.2), as it comes onto the page. */
export const script = `
const names = [
  ['.examples-select-element', 'Example'],
  ['.body-param__text', 'Request body'],
  ['.response-control-media-type select', 'Media type of the answer'],
  ['.auth-container input', "The caller's JWT"],
  ['.close-modal', 'Close'],
  ['#servers', 'Server'],
  ['.information-container', 'About'],
  ['.scheme-container', 'Server and authorization'],
]
const levels = [['.models h4', 2], ['h3', 2], ['h4', 3], ['h5', 4]]
function nameParts() {
  for (const [selector, name] of names) {
    for (const part of document.querySelectorAll(selector + ':not([aria-label])')) {
      part.setAttribute('aria-label', name)
    }
  }
  for (const region of document.querySelectorAll('.information-container, .scheme-container')) {
    region.setAttribute('role', 'region')
  }
  for (const [selector, level] of levels) {
    for (const heading of document.querySelectorAll(selector + ':not([aria-level])')) {
      heading.setAttribute('aria-level', String(level))
    }
  }
  // It says another thing than the button shows.
  for (const button of document.querySelectorAll('.auth-btn-wrapper button[aria-label]')) {
    button.removeAttribute('aria-label')
  }
}
new MutationObserver(nameParts).observe(document.body, { childList: true, subtree: true })
`
