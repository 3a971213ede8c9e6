/** The folder of all profiles, for LIST: `<kv mount>/metadata/padlock/profiles`. */
export const profilesFolder = (kvMount: string): string => `${kvMount}/metadata/padlock/profiles`

/** Where a profile's settings stand in a KV store of version 2. */
export const profileDataPath = (kvMount: string, name: string): string =>
  `${kvMount}/data/padlock/profiles/${name}`

/** Where a profile's history stands: its versions, and which is the newest. */
export const profileMetadataPath = (kvMount: string, name: string): string =>
  `${profilesFolder(kvMount)}/${name}`

/** Where versions that are named are deleted, and brought back. */
export const profileVersionsPath = (kvMount: string, name: string, action: 'delete' | 'undelete'): string =>
  `${kvMount}/${action}/padlock/profiles/${name}`
