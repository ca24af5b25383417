/* Asks what a program in a container would: which addresses a name has, and what a page says. One question a line on
   standard input, `name NAME` or `page ADDRESS PORT`; one answer a line on standard output, in the same order: the
   addresses, or the first line of the page. A `-` stands for no answer. All questions are asked at once. Built twice,
   with glibc and with musl, whose resolvers differ (tests/lab/root.sh). */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 8192
static struct question { char line[256], answer[512]; pthread_t thread; } asked[MOST];

static void name(const char *name, char *answer)
{
    struct addrinfo wanted = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *found, *one;
    if (getaddrinfo(name, 0, &wanted, &found))
        return;
    *answer = 0;
    for (one = found; one; one = one->ai_next) {
        char text[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, &((struct sockaddr_in *)one->ai_addr)->sin_addr, text, sizeof text);
        if (strlen(answer) + sizeof text < 500)
            strcat(strcat(answer, *answer ? " " : ""), text);
    }
    freeaddrinfo(found);
}

/* Five seconds in all. */
static void page(const char *address, const char *port, char *answer)
{
    struct addrinfo wanted = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *to;
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    char said[4096];
    int got = 0, more, at, error = 0;
    socklen_t size = sizeof error;
    if (getaddrinfo(address, port, &wanted, &to))
        return;
    at = socket(AF_INET, SOCK_STREAM, 0);
    fcntl(at, F_SETFL, O_NONBLOCK);
    connect(at, to->ai_addr, to->ai_addrlen);
    freeaddrinfo(to);
    struct pollfd ready = { at, POLLOUT, 0 };
    if (poll(&ready, 1, 4000) == 1 && !getsockopt(at, SOL_SOCKET, SO_ERROR, &error, &size) && !error
        && write(at, request, sizeof request - 1) > 0) {
        ready.events = POLLIN;
        while (got < 4000 && poll(&ready, 1, 3000) == 1 && (more = read(at, said + got, 4000 - got)) > 0)
            got += more;
    }
    close(at);
    said[got] = 0;
    /* What connects and says nothing is no answer: runtimes hold ports open that lead nowhere. */
    char *body = strstr(said, "\r\n\r\n"), *end;
    if (body && *(body += 4)) {
        if ((end = strpbrk(body, "\r\n")))
            *end = 0;
        snprintf(answer, 500, "%s", body);
    }
}

static void *ask(void *given)
{
    struct question *question = given;
    char line[256], *rest, *what, *first, *second;
    strcpy(question->answer, "-");
    strcpy(line, question->line);
    what = strtok_r(line, " \n", &rest);
    first = strtok_r(0, " \n", &rest);
    if (what && first && !strcmp(what, "name"))
        name(first, question->answer);
    else if (what && first && (second = strtok_r(0, " \n", &rest)))
        page(first, second, question->answer);
    return 0;
}

int main(void)
{
    int count = 0;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    while (count < MOST && fgets(asked[count].line, sizeof asked->line, stdin)) {
        /* Some at a time, or a name server drops what it cannot take. */
        if (count >= 24)
            pthread_join(asked[count - 24].thread, 0);
        if (pthread_create(&asked[count].thread, &small, ask, &asked[count]))
            return 1;
        count++;
    }
    for (int i = count < 24 ? 0 : count - 24; i < count; i++)
        pthread_join(asked[i].thread, 0);
    for (int i = 0; i < count; i++)
        puts(asked[i].answer);
    return 0;
}
