export function element(name, className, ...children) {
  const made = document.createElement(name)
  if (className) {
    made.className = className
  }
  made.append(...children)
  return made
}

/** A padlock, closed or open. */
export function glyph(closed) {
  const namespace = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(namespace, 'svg')
  const use = document.createElementNS(namespace, 'use')
  use.setAttribute('href', closed ? '#padlock' : '#padlock-open')
  svg.setAttribute('class', 'glyph')
  svg.setAttribute('aria-hidden', 'true')
  svg.append(use)
  return svg
}

const announcements = document.querySelector('#announcements')

/** A button that puts a text into the clipboard. */
export function copyButton(label, name, text) {
  const button = element('button', 'copy', label)
  button.type = 'button'
  button.setAttribute('aria-label', name)
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text)
      button.textContent = 'Copied'
    } catch {
      button.textContent = 'Not allowed'
    }
    announcements.textContent = button.textContent
    setTimeout(() => {
      button.textContent = label
      announcements.textContent = ''
    }, 1_500)
  })
  return button
}
