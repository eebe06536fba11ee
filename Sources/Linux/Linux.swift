// System calls as owned descriptors and typed errors.
