"""People, by what they are known for: written down and read over once. Data only."""

PEOPLE = {
    "composer": (
        "Wolfgang Amadeus Mozart, Ludwig van Beethoven, Johann Sebastian Bach, Frédéric Chopin, Franz Schubert, "
        "Johannes Brahms, Richard Wagner, Giuseppe Verdi, Antonio Vivaldi, Joseph Haydn, Pyotr Tchaikovsky, "
        "Claude Debussy, Franz Liszt, Robert Schumann, Gustav Mahler, Igor Stravinsky, George Frideric Handel, "
        "Felix Mendelssohn, Giacomo Puccini, Antonín Dvořák, Sergei Prokofiev, Dmitri Shostakovich, Erik Satie, "
        "Maurice Ravel, Edvard Grieg, Jean Sibelius, Richard Strauss, Hector Berlioz, Gioachino Rossini, Philip Glass"
    ),
    "painter": (
        "Vincent van Gogh, Pablo Picasso, Claude Monet, Rembrandt, Salvador Dalí, Paul Cézanne, Henri Matisse, "
        "Paul Gauguin, Édouard Manet, Edgar Degas, Johannes Vermeer, Gustav Klimt, Edvard Munch, Frida Kahlo, "
        "Diego Rivera, Francisco Goya, Caravaggio, Raphael, Titian, Sandro Botticelli, Jackson Pollock, "
        "Mark Rothko, Georgia O'Keeffe, Joan Miró, Marc Chagall, Wassily Kandinsky, Pierre-Auguste Renoir, "
        "El Greco, Diego Velázquez, Peter Paul Rubens"
    ),
    "physicist": (
        "Albert Einstein, Isaac Newton, Niels Bohr, Max Planck, Werner Heisenberg, Erwin Schrödinger, Enrico Fermi, "
        "Richard Feynman, Stephen Hawking, Paul Dirac, Ernest Rutherford, Michael Faraday, James Clerk Maxwell, "
        "Wolfgang Pauli, Robert Oppenheimer, Edward Teller, Max Born, Murray Gell-Mann, Hans Bethe, Ludwig Boltzmann"
    ),
    "philosopher": (
        "Plato, Aristotle, Socrates, Immanuel Kant, Friedrich Nietzsche, René Descartes, David Hume, John Locke, "
        "Baruch Spinoza, Georg Wilhelm Friedrich Hegel, Jean-Jacques Rousseau, Arthur Schopenhauer, Epicurus, "
        "Ludwig Wittgenstein, Martin Heidegger, Bertrand Russell, Søren Kierkegaard, Thomas Hobbes, Michel Foucault, "
        "Jacques Derrida, Confucius, Epictetus, John Stuart Mill, George Berkeley, Hannah Arendt"
    ),
    "writer": (
        "Charles Dickens, Jane Austen, Leo Tolstoy, Fyodor Dostoevsky, Ernest Hemingway, Mark Twain, Virginia Woolf, "
        "James Joyce, Franz Kafka, George Orwell, J. K. Rowling, J. R. R. Tolkien, Stephen King, Agatha Christie, "
        "Gabriel García Márquez, Victor Hugo, Gustave Flaubert, Marcel Proust, F. Scott Fitzgerald, John Steinbeck, "
        "William Faulkner, Toni Morrison, Haruki Murakami, Jules Verne, H. G. Wells, Oscar Wilde, Herman Melville, "
        "Emily Brontë, Charlotte Brontë, Mary Shelley, Anton Chekhov, Thomas Mann, Hermann Hesse, Salman Rushdie, "
        "Margaret Atwood, Kurt Vonnegut, Isaac Asimov, Ray Bradbury, C. S. Lewis, Roald Dahl"
    ),
    "actor": (
        "Tom Hanks, Brad Pitt, Leonardo DiCaprio, Johnny Depp, Tom Cruise, Robert De Niro, Al Pacino, Jack Nicholson, "
        "Marlon Brando, Denzel Washington, Morgan Freeman, Harrison Ford, Will Smith, George Clooney, Matt Damon, "
        "Meryl Streep, Julia Roberts, Nicole Kidman, Angelina Jolie, Jennifer Lawrence, Scarlett Johansson, "
        "Natalie Portman, Emma Stone, Emma Watson, Daniel Radcliffe, Kate Winslet, Cate Blanchett, Sandra Bullock, "
        "Robert Downey Jr., Chris Evans, Hugh Jackman, Ryan Gosling, Anthony Hopkins, Dustin Hoffman, "
        "Samuel L. Jackson, Keanu Reeves, Nicolas Cage, Bruce Willis, Marilyn Monroe, Audrey Hepburn, Humphrey Bogart"
    ),
    "singer": (
        "Michael Jackson, Elvis Presley, Madonna, Taylor Swift, Beyoncé, Rihanna, Adele, Lady Gaga, Whitney Houston, "
        "Mariah Carey, Celine Dion, Frank Sinatra, Bob Dylan, Aretha Franklin, Stevie Wonder, Ray Charles, "
        "Elton John, Freddie Mercury, David Bowie, Britney Spears, Justin Bieber, Ariana Grande, Katy Perry, "
        "Bruno Mars, Ed Sheeran, Amy Winehouse, Tina Turner, Johnny Cash, Dolly Parton, Bob Marley, Cher, "
        "Christina Aguilera, Shakira, Selena Gomez, Billie Eilish, Nina Simone, Ella Fitzgerald, Billie Holiday"
    ),
    "politician": (
        "Barack Obama, Bill Clinton, George W. Bush, Donald Trump, Joe Biden, Ronald Reagan, Richard Nixon, "
        "John F. Kennedy, Hillary Clinton, Margaret Thatcher, Winston Churchill, Tony Blair, David Cameron, "
        "Angela Merkel, Helmut Kohl, Vladimir Putin, Mikhail Gorbachev, Boris Yeltsin, Nicolas Sarkozy, "
        "Emmanuel Macron, Charles de Gaulle, Jawaharlal Nehru, Indira Gandhi, Narendra Modi, Justin Trudeau, "
        "Benjamin Netanyahu, Silvio Berlusconi, Boris Johnson, Bernie Sanders, Al Gore, John McCain, Mitt Romney"
    ),
    "boxer": (
        "Muhammad Ali, Mike Tyson, Floyd Mayweather, Manny Pacquiao, Joe Frazier, George Foreman, Evander Holyfield, "
        "Lennox Lewis, Sugar Ray Leonard, Sugar Ray Robinson, Oscar De La Hoya, Rocky Marciano, Joe Louis, "
        "Wladimir Klitschko, Anthony Joshua, Tyson Fury, Roberto Durán, Jack Dempsey, Larry Holmes, Sonny Liston"
    ),
}
