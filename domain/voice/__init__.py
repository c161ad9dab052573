"""What telephony proves about a call: facts, their order, the visits, the way through the IVR, the outbound attempt; agents' presence; the PBX's timeline."""
