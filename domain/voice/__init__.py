"""Voice: the facts of telephony sources, their order, and what they prove: visits, IVR path, outbound attempt, agents' presence, the PBX's timeline."""
