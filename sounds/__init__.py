"""What callers of an IVR hear: uploaded audio and spoken text, as files that an Asterisk plays."""
