"""How Asterisk speaks to the house: AMI streams and queue logs become facts about calls and agents."""
