"""Athletes beyond those of the embedded model's world, by their sport: written down and read over once.

Data only.
"""

ATHLETES = {
    "soccer": (
        "Neymar, Kylian Mbappé, Luka Modrić, Karim Benzema, Erling Haaland, Mohamed Salah, Harry Kane, Wayne Rooney, "
        "Sergio Ramos, Gianluigi Buffon, Robert Lewandowski, Steven Gerrard, Frank Lampard, Didier Drogba, "
        "Samuel Eto'o, Iker Casillas, Manuel Neuer, Thomas Müller, Philipp Lahm, Antoine Griezmann, Paul Pogba, "
        "Eden Hazard, Kevin De Bruyne, Gareth Bale, Ryan Giggs, Paul Scholes, Alan Shearer, Gary Lineker, "
        "Bobby Charlton, George Best, Roberto Carlos, Rivaldo, Kaká, Cafu, Romário, Francesco Totti, Andrea Pirlo, "
        "Paolo Maldini, Roberto Baggio, Fabio Cannavaro, Zlatan Ibrahimović, Luis Suárez, Edinson Cavani, "
        "Diego Forlán, Sergio Agüero, Carlos Tevez, Gabriel Batistuta, Javier Mascherano, Xavi, Andrés Iniesta, "
        "Fernando Torres, David Villa, Raúl, Carles Puyol, Gerard Piqué, Sadio Mané, Yaya Touré, Megan Rapinoe, "
        "Alex Morgan, Mia Hamm, Landon Donovan, Clint Dempsey, Son Heung-min, Arjen Robben, Robin van Persie, "
        "Ruud van Nistelrooy, Dennis Bergkamp, Wesley Sneijder, Patrick Vieira, Nicolas Anelka"
    ),
    "basketball": (
        "LeBron James, Stephen Curry, Kevin Durant, James Harden, Russell Westbrook, Chris Paul, Dwyane Wade, "
        "Carmelo Anthony, Kevin Garnett, Paul Pierce, Ray Allen, Tony Parker, Manu Ginóbili, Pau Gasol, "
        "Giannis Antetokounmpo, Luka Dončić, Nikola Jokić, Joel Embiid, Jayson Tatum, Damian Lillard, Kyrie Irving, "
        "Anthony Davis, Klay Thompson, Draymond Green, Dwight Howard, Derrick Rose, Vince Carter, Tracy McGrady, "
        "Yao Ming, Steve Nash, Jason Kidd, Allen Iverson, Shaquille O'Neal, Kareem Abdul-Jabbar, Wilt Chamberlain, "
        "Julius Erving, Moses Malone, Charles Barkley, Hakeem Olajuwon, David Robinson, Patrick Ewing, Karl Malone, "
        "John Stockton, Reggie Miller, Dennis Rodman, Isiah Thomas, Clyde Drexler, Oscar Robertson, Elgin Baylor, "
        "Diana Taurasi, Sue Bird, Zion Williamson, Blake Griffin, Kawhi Leonard, Paul George, Jimmy Butler"
    ),
    "tennis": (
        "Roger Federer, Rafael Nadal, Novak Djokovic, Andy Murray, Serena Williams, Venus Williams, Maria Sharapova, "
        "Pete Sampras, Andre Agassi, Boris Becker, Björn Borg, John McEnroe, Jimmy Connors, Ivan Lendl, "
        "Stefan Edberg, Mats Wilander, Steffi Graf, Martina Navratilova, Chris Evert, Monica Seles, Martina Hingis, "
        "Billie Jean King, Margaret Court, Rod Laver, Arthur Ashe, Lleyton Hewitt, Andy Roddick, Marat Safin, "
        "Gustavo Kuerten, Justine Henin, Kim Clijsters, Naomi Osaka, Simona Halep, Caroline Wozniacki, "
        "Victoria Azarenka, Petra Kvitová, Ana Ivanovic, Li Na, Stan Wawrinka, Marin Čilić, Dominic Thiem, "
        "Alexander Zverev, Stefanos Tsitsipas, Daniil Medvedev, Carlos Alcaraz, Jannik Sinner, Iga Świątek, "
        "Coco Gauff, Ashleigh Barty, Juan Martín del Potro, Tim Henman, Michael Chang, Goran Ivanišević"
    ),
    "american football": (
        "Tom Brady, Peyton Manning, Eli Manning, Joe Montana, Jerry Rice, Aaron Rodgers, Brett Favre, Dan Marino, "
        "John Elway, Drew Brees, Patrick Mahomes, Emmitt Smith, Barry Sanders, Walter Payton, Jim Brown, "
        "Lawrence Taylor, Joe Namath, Johnny Unitas, Terry Bradshaw, Steve Young, Troy Aikman, Ray Lewis, "
        "Randy Moss, Terrell Owens, Ben Roethlisberger, Russell Wilson, Cam Newton, Rob Gronkowski, J.J. Watt, "
        "Adrian Peterson, Marshawn Lynch, Odell Beckham Jr., Lamar Jackson, Josh Allen, Joe Burrow, Travis Kelce, "
        "Colin Kaepernick, Michael Vick, Tony Romo, Larry Fitzgerald"
    ),
    "baseball": (
        "Babe Ruth, Lou Gehrig, Mickey Mantle, Joe DiMaggio, Willie Mays, Hank Aaron, Ted Williams, Jackie Robinson, "
        "Barry Bonds, Derek Jeter, Alex Rodriguez, Mike Trout, Albert Pujols, Ken Griffey Jr., Cal Ripken Jr., "
        "Roger Clemens, Randy Johnson, Nolan Ryan, Pedro Martínez, Mariano Rivera, David Ortiz, Mark McGwire, "
        "Sammy Sosa, Pete Rose, Johnny Bench, Reggie Jackson, Yogi Berra, Sandy Koufax, Bob Gibson, Ty Cobb, "
        "Cy Young, Honus Wagner, Roberto Clemente, Ichiro Suzuki, Shohei Ohtani, Bryce Harper, Clayton Kershaw, "
        "Miguel Cabrera, Aaron Judge, Mookie Betts, Stan Musial, Ernie Banks"
    ),
    "ice hockey": (
        "Wayne Gretzky, Mario Lemieux, Bobby Orr, Gordie Howe, Sidney Crosby, Alexander Ovechkin, Jaromír Jágr, "
        "Mark Messier, Maurice Richard, Patrick Roy, Martin Brodeur, Connor McDavid, Evgeni Malkin, Steve Yzerman, "
        "Joe Sakic, Dominik Hašek, Teemu Selänne, Pavel Bure, Brett Hull, Guy Lafleur, Auston Matthews, Carey Price"
    ),
    "golf": (
        "Tiger Woods, Jack Nicklaus, Arnold Palmer, Phil Mickelson, Rory McIlroy, Gary Player, Nick Faldo, "
        "Seve Ballesteros, Greg Norman, Ernie Els, Jordan Spieth, Dustin Johnson, Brooks Koepka, Bubba Watson, "
        "Justin Rose, Sergio García, Tom Watson, Ben Hogan, Sam Snead, Lee Trevino, Annika Sörenstam, Michelle Wie"
    ),
    "cricket": (
        "Sachin Tendulkar, Virat Kohli, MS Dhoni, Brian Lara, Shane Warne, Don Bradman, Ricky Ponting, Rahul Dravid, "
        "Sourav Ganguly, Kapil Dev, Sunil Gavaskar, Imran Khan, Wasim Akram, Shahid Afridi, Shoaib Akhtar, "
        "Muttiah Muralitharan, Kumar Sangakkara, Jacques Kallis, AB de Villiers, Chris Gayle, Viv Richards, "
        "Ian Botham, Andrew Flintoff, Kevin Pietersen, Ben Stokes, Joe Root, Rohit Sharma, Yuvraj Singh, "
        "Glenn McGrath, Adam Gilchrist, Steve Smith, David Warner, Anil Kumble, Virender Sehwag, Babar Azam"
    ),
}
