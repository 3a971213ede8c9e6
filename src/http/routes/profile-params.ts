import { Type } from 'typebox'

/** The part of an address that names a profile. */
export const ProfileParams = Type.Object({
  profile: Type.String({ description: "the profile's name", examples: ['default'] }),
})
