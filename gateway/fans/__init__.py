"""What a brand knows of its fans, for people: files of links read and compared, histories, and why a touch is whose it is."""
