"""The IVR of Atende itself: an Asterisk hands a call over by FastAGI, and is told what to play and to which queue the call goes."""
